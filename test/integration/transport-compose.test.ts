import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(root + path, 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: unknown;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(read('docker-compose.yml')) as Compose;

function hasComposePlugin(): boolean {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('docker-compose.yml', () => {
  it('has a broker, a registry and workers', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['kafka', 'registry', 'worker']);
  });

  it('waits for health only where health is checked, and names volumes that exist', () => {
    for (const service of Object.values(compose.services)) {
      for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[name]?.healthcheck).toBeDefined();
      }
      for (const volume of service.volumes ?? []) {
        expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
      }
    }
  });

  it('builds the workers from files that are there', () => {
    const dockerfile = compose.services.worker?.build?.dockerfile ?? '';
    const copied = [...read(dockerfile).matchAll(/^COPY (?!--from)(.+) \S+$/gm)];
    const sources = copied.flatMap(([, list = '']) => list.split(' '));
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((path) => !existsSync(root + path))).toEqual([]);
  });

  it('leads the workers to the broker and registry it starts', () => {
    const config = parse(read('deploy/docker/vigie.yaml')) as {
      readonly transport: { readonly kafka: { readonly brokers: readonly string[] } };
      readonly schemaRegistry: { readonly url: string };
    };
    const [broker = ''] = config.transport.kafka.brokers;
    expect(read('docker-compose.yml')).toContain(`INSIDE://${broker}`);
    expect(Object.keys(compose.services)).toContain(new URL(config.schemaRegistry.url).hostname);
  });

  if (hasComposePlugin()) {
    it('passes `docker compose config`', () => {
      const args = ['compose', '-f', 'docker-compose.yml', 'config', '--quiet'];
      execFileSync('docker', args, { cwd: root, stdio: 'pipe' });
    });
  }
});
