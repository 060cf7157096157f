import path from 'node:path';
import type { Config } from '../pipelines/config.ts';

/** Tells where `file` receivers with a relative path write: beside the embedded log, else where vigie was started. */
export function receiverFolder({ transport }: Config, cwd: string): string {
  return transport.kind === 'embedded' ? path.resolve(cwd, transport.embedded.dir) : cwd;
}

/** Lists the files that receivers have in that folder, by name. */
export function receiverFiles({ route }: Config): readonly string[] {
  const paths = route.receivers.map((receiver) => receiver.path);
  return paths.filter((each) => each !== undefined).filter((each) => path.basename(each) === each);
}
