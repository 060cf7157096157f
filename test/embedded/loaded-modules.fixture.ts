import { registerHooks } from 'node:module';

// Runs a worker for a moment and prints which packages it loaded: `node loaded-modules.fixture.ts <folder> [key=value …]`.

const loaded = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(resolved.url) ?? [];
    if (name !== undefined) loaded.add(name);
    return resolved;
  },
});
const { loadConfig } = await import('../../pipelines/config.ts');
const { runPipeline } = await import('../../pipelines/run.ts');
const { createLog } = await import('../../runtime/log.ts');
const [folder = '', ...set] = process.argv.slice(2);
const { options } = loadConfig({
  cwd: folder,
  environment: {},
  set: [`transport.embedded.dir=${folder}`, ...set],
});
const pipeline = await runPipeline(options, { log: createLog('silent') });
await pipeline.stop();
process.stdout.write(JSON.stringify([...loaded]));
