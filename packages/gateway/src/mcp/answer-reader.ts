import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Whoever hears the JSON-RPC messages of one HTTP answer. */
export interface AnswerListener {
  /** One JSON value of the body. */
  message(value: unknown): void;
  /** The id of an event: where a stream that breaks off can be taken up again. */
  place(id: string): void;
  /** How long a server wants to be left alone before that, ms. */
  retry(ms: number): void;
}

/** Reads the body of an answer: one JSON document, or a stream of events. */
export interface AnswerReader {
  data(chunk: Buffer): void;
  /** The body is whole. */
  end(): void;
}

/** Undefined for a media type that is no answer. */
export function readerOf(mediaType: string, listener: AnswerListener): AnswerReader | undefined {
  if (mediaType === 'application/json') return readDocument(listener);
  return mediaType === 'text/event-stream' ? readEvents(listener) : undefined;
}

function readDocument(listener: AnswerListener): AnswerReader {
  const chunks: Buffer[] = [];
  return {
    data: (chunk) => void chunks.push(chunk),
    end() {
      const [only] = chunks;
      const whole = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
      tell(listener, whole.toString('utf8'));
    },
  };
}

function readEvents(listener: AnswerListener): AnswerReader {
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent({ id, event, data }: EventSourceMessage) {
      if (id !== undefined && id !== '') listener.place(id);
      if (data !== '' && (event === undefined || event === 'message')) tell(listener, data);
    },
    onRetry: (ms) => listener.retry(ms),
  });
  return {
    data: (chunk) => parser.feed(decoder.decode(chunk, { stream: true })),
    end: () => {},
  };
}

/** What is no JSON says nothing. */
function tell(listener: AnswerListener, text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  listener.message(value);
}
