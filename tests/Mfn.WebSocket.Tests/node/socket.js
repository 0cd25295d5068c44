// A WebSocket whose messages are taken one by one.
import { on, once } from 'node:events';
import WebSocket from 'ws';

export class Socket {
    constructor(url, subprotocols) {
        this.inner = new WebSocket(url, subprotocols);
        this.closed = once(this.inner, 'close').then(([code]) => code);
        this.messages = on(this.inner, 'message', { close: ['close'] });
    }

    async open() {
        await once(this.inner, 'open');
        return this;
    }

    send(message) {
        this.inner.send(JSON.stringify(message));
    }

    /** The next message; undefined when the server has closed. */
    async receive() {
        const { value, done } = await this.messages.next();
        return done ? undefined : { data: value[0], isBinary: value[1] };
    }
}
