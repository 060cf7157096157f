import type { Address } from './connection-options.ts';
import type { WireNode } from './wire-node.ts';

/** A node that answers only what a test gives it answers for. */
export type FakeNode = WireNode & { readonly address: Address; closed: boolean };

/**
 * Opens nodes that answer by the given functions, looked up at each request, and keeps each one that was opened.
 *
 * @param answers what a node at a port answers; a request that is missing there fails the test by a TypeError.
 */
export function fakeNodes(answers: (port: number) => Partial<WireNode>): {
  readonly opened: FakeNode[];
  readonly open: (address: Address) => WireNode;
} {
  const opened: FakeNode[] = [];
  const open = (address: Address): WireNode => {
    const node = {
      address,
      closed: false,
      connected: true,
      ...answers(address.port),
      close: () => {
        node.closed = true;
      },
    } as FakeNode;
    opened.push(node);
    return node;
  };
  return { opened, open };
}
