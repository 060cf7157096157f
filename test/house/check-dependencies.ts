import { cruise, repository } from './cruise.ts';

// `node test/house/check-dependencies.ts`: the import rules on this repository.
// Without its parser dependency-cruiser reads nothing and is content, so a report of few modules is a fault too.
const LEAST_MODULES = 200;

const { modules, breaches } = cruise(repository);
for (const breach of breaches) process.stdout.write(`${breach}\n`);
process.stdout.write(`${modules} modules read, ${breaches.length} breaches\n`);
if (modules < LEAST_MODULES) {
  process.stdout.write(`expected at least ${LEAST_MODULES} modules: is @swc/core installed?\n`);
}
process.exitCode = breaches.length > 0 || modules < LEAST_MODULES ? 1 : 0;
