import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from './recording-terminal.fixture.ts';

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'vigie-program-'));
});

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

describe('usage', () => {
  it('has every command of the design, each with help', async () => {
    const { code, out } = await runCommandLine(['--help']);
    expect(code).toBe(0);
    const names = [
      'start',
      'run',
      'produce',
      'tail',
      'backtest',
      'explain',
      'feedback',
      'dead-letter',
      'topics',
      'schemas',
      'config',
      'doctor',
      'completion',
    ];
    for (const name of names) {
      expect(out).toContain(`\n  ${name}`);
      expect((await runCommandLine([name, '--help'])).out).toMatch(
        new RegExp(`^Usage: vigie ${name}`),
      );
    }
  });

  it('suggests what was meant, and exits 2', async () => {
    const { code, err } = await runCommandLine(['tial']);
    expect(code).toBe(2);
    expect(err).toContain('Did you mean tail?');
    expect((await runCommandLine(['tail', 'anomalies', '--folow'])).err).toContain(
      'Did you mean --follow?',
    );
    expect((await runCommandLine(['tail', 'anomalies', '-n', '-1'])).code).toBe(2);
    expect((await runCommandLine(['start', '--for', 'soon'])).code).toBe(2);
    expect((await runCommandLine(['start', '--stress', 'gpu@60s'])).err).toContain(
      '--stress: expected cpu, mem or disk and a time, such as cpu@60s; received "gpu@60s"',
    );
  });
});

describe('config', () => {
  it('lists every fault with its place and exits 2', async () => {
    writeFileSync(path.join(cwd, 'vigie.yaml'), '#\n#\n#\ndetect: { hop: abc, hopp: 1 }\n');
    const { code, out, err } = await runCommandLine(['config', 'check'], { cwd });
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toBe(`vigie.yaml:4:16 detect.hop: expected a number, received "abc"
vigie.yaml:4:21 detect.hopp: unknown key, did you mean "hop"?
vigie: the configuration has 2 faults
`);
    rmSync(path.join(cwd, 'vigie.yaml'));
  });

  it('prints what is set and where, without secrets', async () => {
    writeFileSync(
      path.join(cwd, 'kafka.yaml'),
      `transport: {kind: kafka, kafka: {sasl: {username: u, password: hunter22}}}
schemaRegistry: {url: "http://me:hunter22@registry:8081"}
detect: {refractoryMinMs: 10m}
`,
    );
    const args = ['config', 'print', '-c', 'kafka.yaml', '--set', 'topics.partitions=8'];
    const { code, out } = await runCommandLine(args, {
      cwd,
      environment: { MONITORING_NAMESPACE: 'ops' },
    });
    expect(code).toBe(0);
    expect(out).toBe(`OPTION                         FROM                     VALUE
transport.kind                 kafka.yaml:1:19          kafka
transport.kafka.sasl.username  kafka.yaml:1:51          u
transport.kafka.sasl.password  kafka.yaml:1:64          ***
schemaRegistry.url             kafka.yaml:2:23          http://me:***@registry:8081
topics.partitions              --set topics.partitions  8
runtime.namespace              $MONITORING_NAMESPACE    ops
detect.refractoryMinMs         kafka.yaml:3:27          10m
`);
    const all = await runCommandLine([...args, '--effective', '-o', 'json'], { cwd });
    expect(all.out).not.toContain('hunter22');
    expect(JSON.parse(all.out)).toContainEqual({
      option: 'transport.kafka.clientId',
      value: 'vigie',
      origin: 'default',
    });
  });

  it('prints a JSON Schema that takes units', async () => {
    const { out } = await runCommandLine(['config', 'schema']);
    const schema = JSON.parse(out);
    expect(schema.properties.runtime.properties.kernelTimeoutMs).toMatchObject({
      description: expect.any(String),
      default: 30_000,
      anyOf: [{ type: 'integer', minimum: 100 }, { type: 'string' }],
    });
    const [, text] = schema.properties.runtime.properties.kernelTimeoutMs.anyOf;
    expect('5m').toMatch(new RegExp(text.pattern));
    expect('${WAIT:-5m}').toMatch(new RegExp(text.pattern));
    expect('soon').not.toMatch(new RegExp(text.pattern));
  });
});

describe('schemas check', () => {
  it('takes a schema that can be read, and refuses one that cannot, with exit 3', async () => {
    const point = (value: string) =>
      JSON.stringify({
        type: 'record',
        name: 'MetricPoint',
        namespace: 'io.vigie',
        fields: [
          { name: 'tenant', type: 'string' },
          { name: 'name', type: 'string' },
          { name: 'labels', type: { type: 'map', values: 'string' } },
          { name: 'timestamp', type: 'long' },
          { name: 'value', type: value },
        ],
      });
    writeFileSync(path.join(cwd, 'good.avsc'), point('double'));
    writeFileSync(path.join(cwd, 'bad.avsc'), point('string'));
    writeFileSync(path.join(cwd, 'broken.avsc'), '{');
    expect(await runCommandLine(['schemas', 'check', 'good.avsc'], { cwd })).toMatchObject({
      code: 0,
      out: 'good.avsc: MetricPoint: ok\n',
    });
    const bad = await runCommandLine(['schemas', 'check', 'bad.avsc'], { cwd });
    expect(bad.code).toBe(3);
    expect(bad.out).toContain('bad.avsc: MetricPoint.value: ');
    expect((await runCommandLine(['schemas', 'check', 'broken.avsc'], { cwd })).code).toBe(2);
  });
});
