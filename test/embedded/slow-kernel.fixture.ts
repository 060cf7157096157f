import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateKernel, Kernel } from '../../runtime/kernel.ts';

const CALL_MS = 300;

/** A kernel that takes its time and, like those of the stages, leaves out what it has taken in before. */
const createKernel: CreateKernel<unknown> = async ({ partition }): Promise<Kernel> => {
  let taken = -1;
  return {
    async process(input, output) {
      await sleep(CALL_MS);
      while (input.next()) {
        if (input.offset <= taken) continue;
        taken = input.offset;
        output.emit('out', partition, Buffer.from(String(taken)), null, input.timestampMs);
      }
    },
    checkpoint: () => [],
    restore: () => undefined,
  };
};

export default createKernel;
