import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to a registry that can be cut: the registry itself would forget its schemas over a restart. */
export class CuttableWay {
  readonly #target: URL;
  #server: Server | undefined;
  #port = 0;

  /** @param target base URL of the registry. */
  constructor(target: string) {
    this.#target = new URL(target);
  }

  /** Opens the way, again on the same port, and gives the base URL that leads over it. */
  async open(): Promise<string> {
    this.#server = createServer((from, to) => {
      const { hostname, port } = this.#target;
      const { method, url: path, headers } = from;
      const onward = request({ hostname, port, method, path, headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      });
      onward.on('error', () => to.destroy());
      from.pipe(onward);
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return `http://127.0.0.1:${this.#port}${this.#target.pathname}`;
  }

  /** Ends every connection and takes no more. */
  async cut(): Promise<void> {
    if (this.#server?.listening !== true) return;
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
