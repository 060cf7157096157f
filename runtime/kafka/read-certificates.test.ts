import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificatePem } from './certificate.fixture.ts';
import { readCertificates } from './read-certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-certificates-'));
const pathOf = (name: string) => join(folder, name);

beforeAll(() => {
  writeFileSync(pathOf('cert.pem'), certificatePem);
  writeFileSync(pathOf('text.pem'), 'no certificate');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(pathOf('other-key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('readCertificates', () => {
  it('reads what is named', async () => {
    expect(await readCertificates({})).toEqual({});
    const pem = Buffer.from(certificatePem);
    expect(await readCertificates({ caPath: pathOf('cert.pem') })).toEqual({ ca: [pem] });
  });

  it('names the option whose file cannot be read', async () => {
    const read = readCertificates({ certPath: pathOf('nowhere.pem'), keyPath: pathOf('key.pem') });
    await expect(read).rejects.toMatchObject({ code: 'OPTIONS_INVALID', fate: 'stop' });
    await expect(read).rejects.toThrow(/transport\.kafka\.ssl\.certPath: .*nowhere\.pem cannot be/);
  });

  it.each([
    { what: 'a file that is no certificate', certPath: 'text.pem', keyPath: 'other-key.pem' },
    { what: 'a key that belongs to another', certPath: 'cert.pem', keyPath: 'other-key.pem' },
    { what: 'a file that is no key', certPath: 'cert.pem', keyPath: 'text.pem' },
  ])('refuses $what before anything connects', async ({ certPath, keyPath }) => {
    const read = readCertificates({ certPath: pathOf(certPath), keyPath: pathOf(keyPath) });
    await expect(read).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    await expect(read).rejects.toThrow('transport.kafka.ssl: ');
  });
});
