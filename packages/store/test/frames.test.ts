import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFrame, type Frame, FrameReader } from '../src/frames.ts';

const frame: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom('hello' as const, 'calls' as const, 'replies' as const, 'bye' as const),
  count: fc.nat(0xffffffff),
  text: fc.string({ unit: 'grapheme', maxLength: 300 }),
});

it('reads the frames that were written, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(frame),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(encodeFrame));
        const reader = new FrameReader();
        const read: Frame[] = [];
        for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
          const end = start + cuts[turn % cuts.length]!;
          read.push(...(reader.push(bytes.subarray(start, end)) ?? []));
          start = end;
        }
        expect(read).toEqual(frames);
      },
    ),
  );
});

it.each([
  ['an unknown kind', Buffer.from([0, 0, 0, 5, 9, 0, 0, 0, 0])],
  ['a length beyond the limit', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0])],
  ['a length below the header', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0])],
])('gives up on %s', (_what, bytes) => {
  expect(new FrameReader().push(bytes)).toBeUndefined();
});
