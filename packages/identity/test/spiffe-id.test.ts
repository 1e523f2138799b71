import { describe, expect, it } from 'vitest';
import { splitDer } from '../src/spiffe/der.ts';
import { callerOfId, idPatternFault, type SpiffeIdMapping } from '../src/spiffe/id-mapping.ts';
import { parseSpiffeId } from '../src/spiffe/spiffe-id.ts';

describe('a SPIFFE ID', () => {
  it('[P-SPIFFE-ID] is read strictly', () => {
    expect(parseSpiffeId('spiffe://td.example/agents/client/class/dev')).toEqual({
      id: 'spiffe://td.example/agents/client/class/dev',
      trustDomain: 'td.example',
      segments: ['agents', 'client', 'class', 'dev'],
    });
    expect(parseSpiffeId('spiffe://td')?.segments).toEqual([]);
    const longest = `spiffe://td/${'x'.repeat(2036)}`;
    expect(parseSpiffeId(longest)?.segments).toHaveLength(1);
    for (const wrong of [
      `${longest}x`,
      `spiffe://${'t'.repeat(256)}/a`,
      'spiffe://',
      'spiffe:///a',
      'SPIFFE://td/a',
      'spiffe://TD/a',
      'spiffe://td/',
      'spiffe://td/a/',
      'spiffe://td//a',
      'spiffe://td/./a',
      'spiffe://td/a/..',
      'spiffe://td/%61',
      'spiffe://td/a?b',
      'spiffe://td/a#b',
      'spiffe://td:80/a',
      'spiffe://user@td/a',
      'spiffe://td/ä',
      'spiffe://td/a b',
      'spiffe://td/a\n',
      'https://td/a',
      ' spiffe://td/a',
    ])
      expect(parseSpiffeId(wrong), wrong).toBeUndefined();
  });

  it('gives its path to the actor, by name', () => {
    const id = parseSpiffeId('spiffe://poc.local/agents/mcp-client/dspy-researcher/dev')!;
    expect(callerOfId(id, undefined)).toMatchObject({
      principal: { id: id.id, kind: 'agent', attributes: { spiffe: { client: 'mcp-client', env: 'dev' } } },
      actor: { id: id.id, class: 'dspy-researcher', attested: true },
    });
    const mapped: SpiffeIdMapping = {
      path: '/agents/{class}/{scope}/{*}',
      trustDomain: 'poc.local',
      tenant: 'acme',
    };
    expect(callerOfId(id, [mapped])).toMatchObject({
      principal: { tenant: 'acme' },
      actor: { class: 'mcp-client', scope: 'dspy-researcher' },
    });
    for (const path of [
      '/agents/{class}',
      '/agents/{class}/{scope}/{*}/{more}',
      '/others/{class}/{scope}/{*}',
    ])
      expect(callerOfId(id, [{ path }])).toBeUndefined();
    expect(callerOfId(id, [{ ...mapped, trustDomain: 'else' }])).toBeUndefined();
    const other = parseSpiffeId('spiffe://poc.local/gateways/one')!;
    expect(callerOfId(other, undefined)?.actor).toEqual({ id: other.id, attested: true });
  });

  it('patterns that cannot be meant are named', () => {
    expect(idPatternFault('/agents/{class}/{*}')).toBeUndefined();
    for (const path of ['agents', '/{a}/{a}', '/a//b', '/{A}', '/a{b}', '/'])
      expect(idPatternFault(path), path).toBeTypeOf('string');
  });
});

describe('certificates one after another', () => {
  it('are taken apart by their own lengths, and never beyond the end', () => {
    const short = Buffer.from([0x30, 0x01, 0x00]);
    const long = Buffer.concat([Buffer.from([0x30, 0x82, 0x01, 0x00]), Buffer.alloc(256)]);
    expect(splitDer(Buffer.concat([short, long, short])).map((each) => each.length)).toEqual([3, 260, 3]);
    expect(splitDer(Buffer.alloc(0))).toEqual([]);
    for (const cut of [[0x30], [0x30, 5, 0], [0x30, 0x80, 0], [0x30, 0x82, 1], [0x30, 0x85, 1, 1, 1, 1, 1]])
      expect(() => splitDer(Buffer.from(cut))).toThrow(RangeError);
  });
});
