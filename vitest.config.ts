import { defineConfig } from 'vitest/config';

/** `unit` is fast and needs no server; the other projects start what they need themselves. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{runtime,schemas,models,operators,pipelines,cli}/**/*.test.ts',
            'test/{topology,fuzz,soak}/**/*.test.ts',
          ],
          pool: 'forks',
          // Property tests on a busy machine with two cores: a time limit is for hangs, not for speed.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'house',
          include: ['test/house/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'embedded',
          include: ['test/embedded/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          exclude: ['test/crash/planted-faults.test.ts'],
          pool: 'forks',
          // A cluster for each client: much of the time is spent waiting for time-outs.
          maxWorkers: 2,
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'crash-planted',
          include: ['test/crash/planted-faults.test.ts'],
          pool: 'forks',
          testTimeout: 600_000,
        },
      },
    ],
  },
});
