import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Machine,
  parseJavaMajor,
  requireBroker,
  requireOwnBroker,
  requireRegistry,
  serverAvailability,
} from '../servers/require-server.ts';
import { startBroker, startRegistry } from '../servers/servers.ts';
import { eventually } from './transport-load.ts';

const serversModule = new URL('../servers/servers.ts', import.meta.url).href;
const machine = (env: Machine['env'], javaMajor?: number, maven = false): Machine => ({
  env,
  javaMajor,
  maven,
});

describe('whether servers can be had', () => {
  it('prefers one that the environment names', () => {
    const named = machine({ VIGIE_TEST_BROKERS: 'kafka:9092' });
    expect(serverAvailability(named, 'VIGIE_TEST_BROKERS')).toEqual({ kind: 'named' });
    expect(requireBroker('x', named)).toBe(true);
  });

  it('starts its own with Java 17 and Maven', () => {
    expect(serverAvailability(machine({}, 17, true), 'V')).toEqual({ kind: 'own' });
  });

  it.each([
    [machine({}, undefined, true), 'needs Java 17 or later (found: none), or V'],
    [machine({}, 11, true), 'needs Java 17 or later (found: 11), or V'],
    [machine({ V: '' }, 21, false), 'needs Maven, or V'],
    [machine({}), 'needs Java 17 or later (found: none) and Maven, or V'],
  ])('says what is lacking (%#)', (lacking, reason) => {
    expect(serverAvailability(lacking, 'V')).toEqual({ kind: 'absent', reason });
  });

  it('says loudly what is not run, and makes that a failure in CI', () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(requireBroker('the crash tests', machine({}))).toBe(false);
    const said = written.mock.calls.map(([text]) => String(text)).join('');
    written.mockRestore();
    expect(said).toContain('NOT RUN: the crash tests: needs Java 17');
    const ci = machine({ CI: 'true' });
    expect(() => requireBroker('the crash tests', ci)).toThrow('NOT RUN: the crash tests');
    expect(() => requireRegistry('x', ci)).toThrow('VIGIE_TEST_REGISTRY');
    const named = machine({ CI: 'true', VIGIE_TEST_BROKERS: 'kafka:9092' });
    expect(() => requireOwnBroker('the crash tests', named)).toThrow('needs Java 17');
  });

  it.each([
    ['openjdk 17.0.15 2025-04-15\nOpenJDK Runtime', 17],
    ['java 21.0.2 2024-01-16 LTS', 21],
    ['Unrecognized option: --version', undefined],
  ])('reads the version of Java (%#)', (text, major) => {
    expect(parseJavaMajor(text)).toBe(major);
  });
});

describe.runIf(requireOwnBroker('starting servers'))('servers of the tests', () => {
  it('end when whoever started them is killed', async () => {
    const script = `
      const { startBroker } = await import(${JSON.stringify(serversModule)});
      const { brokers } = await startBroker({ own: true });
      process.stdout.write(brokers[0]);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const [address] = (await once(starter.stdout, 'data')) as [Buffer];
    const port = Number(address.toString().split(':')[1]);
    expect(await isOpen(port)).toBe(true);
    starter.kill('SIGKILL');
    await eventually('the broker is gone', async () => !(await isOpen(port)));
  });

  it('stop when asked to, and a killed broker starts again on its port', async () => {
    const broker = await startBroker({ own: true });
    const port = Number(broker.brokers[0]?.split(':')[1]);
    await broker.kill();
    expect(await isOpen(port)).toBe(false);
    await broker.restart();
    expect(await isOpen(port)).toBe(true);
    await broker.stop();
    expect(await isOpen(port)).toBe(false);
  });
});

describe.runIf(requireRegistry('the schema registry of the tests'))('the schema registry', () => {
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry?.stop());

  it('answers with the Confluent API and wants BACKWARD', async () => {
    const answer = await fetch(`${registry.url}/config`);
    expect(await answer.json()).toMatchObject({ compatibilityLevel: 'BACKWARD' });
  });
});

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
