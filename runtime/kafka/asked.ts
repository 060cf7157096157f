/** A request as its errors speak of it: its name in Kafka’s protocol, and the topic or group that it was about. */
export interface Asked {
  readonly api: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly group?: string;
}

/** Writes a request for an error’s message: `Fetch of t/0`, `OffsetCommit of group g, t/0`. */
export function nameRequest({ api, topic, partition, group }: Asked): string {
  const place = partition === undefined ? topic : `${topic}/${partition}`;
  const about = [group === undefined ? undefined : `group ${group}`, place];
  const text = about.filter((part) => part !== undefined).join(', ');
  return text === '' ? api : `${api} of ${text}`;
}
