package vigie.peer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.Stores;
import vigie.peer.detect.ClassWeights;
import vigie.peer.detect.DetectProcessor;
import vigie.peer.light.LightProcessor;

/**
 * Scores enriched batches as the product's detect stage does, in one processor of Kafka Streams.
 *
 * <p>Arguments: brokers, input topic, output topic, folder of the models, file with the Avro
 * schema, stream threads, folder for state, application id, schema id of a batch, points between
 * two windows (0: by the interval); then {@code --light} for a processor that does less. Tells
 * every 100 ms how many points are scored, one number a line; ends with its input.
 */
public final class Peer {
  private static final String STORE = "series";

  private Peer() {}

  public static void main(String[] args) throws Exception {
    String input = args[1];
    String output = args[2];
    Ensemble ensemble = new Ensemble(Path.of(args[3]));
    Schema schema = new Schema.Parser().parse(Files.readString(Path.of(args[4])));
    int schemaId = Integer.parseInt(args[8]);
    int hop = Integer.parseInt(args[9]);
    boolean light = args.length > 10 && args[10].equals("--light");
    ClassWeights weights = new ClassWeights(Path.of(args[3]));
    AtomicLong scored = new AtomicLong();
    ProcessorSupplier<byte[], byte[], Long, byte[]> processor =
        () -> {
          SeriesBatchReader batch = new SeriesBatchReader(schema, schemaId);
          return light
              ? new LightProcessor(STORE, ensemble, batch, scored)
              : new DetectProcessor(STORE, ensemble, weights, batch, scored, hop);
        };
    // In memory, with a changelog so that nothing is lost, and a cache that writes a series once
    // per commit.
    var store =
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(STORE), Serdes.Long(), Serdes.ByteArray())
            .withLoggingEnabled(Map.of("segment.bytes", "268435456"))
            .withCachingEnabled();
    Topology topology = new Topology();
    topology.addSource(
        "in",
        Serdes.ByteArray().deserializer(),
        Serdes.ByteArray().deserializer(),
        input);
    topology.addProcessor("score", processor, "in");
    topology.addStateStore(store, "score");
    topology.addSink(
        "out", output, Serdes.Long().serializer(), Serdes.ByteArray().serializer(), "score");
    try (KafkaStreams streams = new KafkaStreams(topology, properties(args))) {
      streams.setUncaughtExceptionHandler(
          fault -> {
            fault.printStackTrace();
            // Without a thread nothing would go on, and whoever waits for us would wait for ever.
            Runtime.getRuntime().halt(1);
            return null;
          });
      streams.start();
      Thread teller = new Thread(() -> tell(scored));
      teller.setDaemon(true);
      teller.start();
      while (System.in.read() >= 0) {
        // Whoever started us closes our input to end us.
      }
    }
  }

  private static Properties properties(String[] args) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[5]);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, args[6]);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, args[7]);
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 512L * 1024 * 1024);
    properties.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
    properties.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_BYTES_CONFIG), 64 << 20);
    properties.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 8 << 20);
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "snappy");
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 20);
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 1 << 20);
    return properties;
  }

  private static void tell(AtomicLong scored) {
    try {
      while (true) {
        System.out.println(scored.get());
        Thread.sleep(100);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
