import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

interface StoredEvent {
  readonly stream: string;
  readonly message: JSONRPCMessage;
  readonly bytes: number;
}

/**
 * What one session's streams carried, for a client that lost its connection: the newest events up to a number and a
 * size. Whatever was released once may be released again to the same session, and to no other.
 */
export function createEventStore(eventsMax: number, bytesMax: number): EventStore {
  const events = new Map<string, StoredEvent>();
  let count = 0;
  let bytes = 0;
  return {
    async storeEvent(stream, message) {
      count += 1;
      const id = String(count);
      const size = JSON.stringify(message).length;
      events.set(id, { stream, message, bytes: size });
      bytes += size;
      for (const [oldest, event] of events) {
        if (events.size <= eventsMax && bytes <= bytesMax) break;
        events.delete(oldest);
        bytes -= event.bytes;
      }
      return id;
    },
    getStreamIdForEventId: async (id) => events.get(id)?.stream,
    async replayEventsAfter(lastEventId, { send }) {
      const last = events.get(lastEventId);
      if (last === undefined) throw new Error('this event is not kept any more');
      for (const [id, event] of [...events]) {
        if (event.stream !== last.stream || Number(id) <= Number(lastEventId)) continue;
        // An event that only begins a stream has no message.
        if (Object.keys(event.message).length > 0) await send(id, event.message);
      }
      return last.stream;
    },
  };
}
