/** What a decision says of records, rules and versions where it is about none; spread into it, behind it what is known. */
export const noSubject = {
  seriesId: null,
  anomalyId: null,
  alertId: null,
  incidentId: null,
  notificationId: null,
  ruleId: null,
  ruleVersion: null,
  modelSet: null,
  configVersion: '',
  catalogVersion: 0,
} as const;
