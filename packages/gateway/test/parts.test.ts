import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as surface from '../src/index.ts';
import { shownDefinition, toolDigest } from '../src/mcp/definition.ts';
import { isServerId, qualify, qualifyUri, unqualify } from '../src/mcp/names.ts';
import { openPins } from '../src/mcp/pins.ts';
import { readMessage } from '../src/mcp/read-message.ts';
import { traceId, traceMeta } from '../src/mcp/trace.ts';
import { openUpstream } from '../src/mcp/upstream.ts';

function pinsFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'writ-pins-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'deep', 'pins.json');
}

const MESSAGE_BYTES = 4 * 1024 * 1024;

const pinned = (tools: Record<string, string>) =>
  new Map(Object.entries(tools).map(([name, digest]) => [name, { digest, definition: { name } }]));

describe('names', () => {
  it('[P-GATEWAY-NAMES-INJECTIVE] two tools of two servers never share one', () => {
    const id = fc.stringMatching(/^[a-z0-9_-]{1,8}$/).filter(isServerId);
    const tool = fc.string({ unit: fc.constantFrom('a', '_', '-'), maxLength: 5 });
    fc.assert(
      fc.property(id, tool, id, tool, (server, one, other, two) => {
        const same = qualify(server, one, false) === qualify(other, two, false);
        expect(same).toBe(server === other && one === two);
      }),
    );
  });

  it('[P-GATEWAY-NAMES-INJECTIVE] two resources of two servers never share a URI, and each leads back', () => {
    const id = fc.stringMatching(/^[a-z0-9_-]{1,8}$/).filter(isServerId);
    const uri = fc.string({ unit: fc.constantFrom('a', ':', '/', 'writ:'), maxLength: 5 });
    fc.assert(
      fc.property(id, uri, id, uri, (server, one, other, two) => {
        const shown = qualifyUri(server, one, false);
        expect(shown === qualifyUri(other, two, false)).toBe(server === other && one === two);
        expect(unqualify(qualifyUri, server, shown, false)).toBe(one);
        if (server !== other) expect(unqualify(qualifyUri, other, shown, false)).toBeUndefined();
      }),
    );
  });

  it('server ids that could be read two ways are refused', () => {
    for (const id of ['', 'a__b', 'a_', '_a', '-a', 'A', 'a/b', 'a b', 'x'.repeat(33)])
      expect(isServerId(id)).toBe(false);
    const upstream = { command: 'x' };
    const open = (ids: string[]) => () =>
      surface.createMcpGateway({
        point: {} as never,
        upstreams: ids.map((id) => ({ id, ...upstream })),
      });
    expect(open(['a', 'a'])).toThrow('two upstreams');
    expect(open(['a__b'])).toThrow('a__b');
  });
});

describe('pins', () => {
  it('[P-GATEWAY-PINNED] hold what was first seen, over a restart and beside another process', () => {
    const file = pinsFile();
    const one = openPins(file);
    const other = openPins(file);
    one.pinSeen('a', 'tool', pinned({ x: 'sha256:1' }));
    other.pinSeen('b', 'tool', pinned({ y: 'sha256:2' }));
    other.pinSeen('a', 'tool', pinned({ x: 'sha256:evil' }));
    one.pinSeen('a', 'tool', pinned({ z: 'sha256:3' }));
    const later = openPins(file);
    expect([later.of('a', 'tool')('x'), later.of('b', 'tool')('y'), later.of('a', 'tool')('z')]).toEqual([
      'sha256:1',
      'sha256:2',
      undefined,
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('[P-GATEWAY-PINNED] a server that offered nothing at first adds nothing later', () => {
    const pins = openPins(undefined);
    pins.pinSeen('a', 'tool', new Map());
    pins.pinSeen('a', 'tool', pinned({ late: 'sha256:1' }));
    expect(pins.of('a', 'tool')('late')).toBeUndefined();
    expect(pins.of('__proto__', 'tool')('x')).toBeUndefined();
    expect(pins.of('', 'tool')('constructor')).toBeUndefined();
  });

  it('[P-GATEWAY-PINNED] a damaged file is an error, never an empty one', () => {
    for (const text of ['', 'null', '[]', '{', '1', '{"a/x":1}']) {
      const file = pinsFile();
      openPins(file).pinSeen('a', 'tool', pinned({ x: 'sha256:1' }));
      writeFileSync(file, text);
      expect(() => openPins(file)).toThrow('pins');
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
  });
});

describe('definitions', () => {
  const tool = { name: 't', inputSchema: { type: 'object' as const } };

  it('every member that clients see changes the digest; the rest is not shown', () => {
    const changes = [
      { title: 'x' },
      { description: 'x' },
      { annotations: { readOnlyHint: true } },
      { outputSchema: { type: 'object' as const } },
    ];
    for (const change of changes) expect(toolDigest({ ...tool, ...change })).not.toBe(toolDigest(tool));
    const hidden = { ...tool, _meta: { a: 1 }, icons: [{ src: 'http://x/' }] };
    expect(shownDefinition(hidden)).toEqual(tool);
    expect(toolDigest(hidden)).toBe(toolDigest(tool));
  });

  it('an upstream address has the port that is connected to', () => {
    const portOf = (url: string) => openUpstream({ id: 'a', url }).address?.port;
    expect([portOf('https://x/'), portOf('http://x/'), portOf('http://x:8080/')]).toEqual([443, 80, 8080]);
  });
});

describe('messages', () => {
  it('are read whole or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(readMessage(bytes, MESSAGE_BYTES)).toHaveProperty('ok');
      }),
    );
  });

  it('come back as they were sent', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[b-h]{1,5}$/), fc.jsonValue({ maxDepth: 4 })), (args) => {
        const message = JSON.parse(
          JSON.stringify({ jsonrpc: '2.0', method: 'x', params: { arguments: args } }),
        );
        const read = readMessage(Buffer.from(JSON.stringify(message)), MESSAGE_BYTES);
        if (read.ok) expect(JSON.stringify(read.message)).toBe(JSON.stringify(message));
      }),
    );
  });
});

describe('trace context', () => {
  it('is passed on only where it is well-formed', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    expect(traceId({ traceparent })).toBe('a'.repeat(32));
    expect(traceMeta({ traceparent, tracestate: 'a=1,b=2', baggage: 'x=y' })).toEqual({
      traceparent,
      tracestate: 'a=1,b=2',
    });
    expect(traceMeta({ traceparent, tracestate: 'free text' })).toEqual({ traceparent });
    expect(traceMeta({ traceparent, tracestate: `a=${'x'.repeat(600)}` })).toEqual({ traceparent });
    for (const wrong of ['', `${traceparent}x`, traceparent.toUpperCase(), 1, null]) {
      expect(traceMeta({ traceparent: wrong, tracestate: 'a=1' })).toEqual({});
    }
  });
});
