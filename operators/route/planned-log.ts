import type { Notification } from '../../schemas/generated/notification.ts';
import { idBytes, idHex } from '../stable-id.ts';

/** A notification as it is saved: plain JSON, ids as hex. */
export type SavedNotification = Omit<
  Notification,
  'id' | 'incidentId' | 'incidentIds' | 'alertIds'
> & {
  readonly id: string;
  readonly incidentId: string | null;
  readonly incidentIds: readonly string[];
  readonly alertIds: readonly string[];
};

/** A planned notification that waits for its outcome, as plain JSON. */
export interface OutstandingPlan {
  readonly notification: SavedNotification;
  /** When it is planned again or given up, whichever comes first. */
  dueMs: number;
  /** True once the sink has given up the attempts it made. */
  failed: boolean;
}

/** Turns a notification into plain JSON. */
export function saveNotification(notification: Notification): SavedNotification {
  const { id, incidentId, incidentIds, alertIds, ...rest } = notification;
  return {
    ...rest,
    id: idHex(id),
    incidentId: incidentId === null ? null : idHex(incidentId),
    incidentIds: incidentIds.map(idHex),
    alertIds: alertIds.map(idHex),
  };
}

/** Turns a saved notification back into its record. */
export function loadNotification(saved: SavedNotification): Notification {
  const { id, incidentId, incidentIds, alertIds, ...rest } = saved;
  return {
    ...rest,
    id: idBytes(id),
    incidentId: incidentId === null ? null : idBytes(incidentId),
    incidentIds: incidentIds.map(idBytes),
    alertIds: alertIds.map(idBytes),
  };
}
