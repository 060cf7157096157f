/** The clients behind the port of `runtime/kafka/client.ts`; whatever holds for the transport holds with each. */
export const kafkaClients = ['kafkajs', 'platformatic'] as const;

/** One of the clients, as `transport.kafka.client` names it. */
export type KafkaClientName = (typeof kafkaClients)[number];
