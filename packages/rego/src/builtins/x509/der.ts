/** Ends the reading of a certificate or key; what is wrong in Go's words. Not an `Error`: no stack is taken. */
export class X509Fault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Tags of DER (X.690, 8.1.2) that certificates use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A tag of the context: `[n]`. */
export function contextTag(number: number, isConstructed = false): number {
  return 0x80 | number | (isConstructed ? 0x20 : 0);
}

/** One element. */
export interface DerElement {
  readonly tag: number;
  readonly content: Der;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

/** Reads DER (X.690), element by element; shares the bytes that it was given. */
export class Der {
  readonly bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#at >= this.bytes.length;
  }

  /** The tag of what comes next; 0 at the end. */
  get nextTag(): number {
    return this.bytes[this.#at] ?? 0;
  }

  /** The next element; undefined where there is none in order. Lengths must be the shortest possible. */
  next(): DerElement | undefined {
    const { bytes } = this;
    const start = this.#at;
    const tag = bytes[start];
    const first = bytes[start + 1];
    // Numbers of tags above 30 take more bytes: nothing here has them.
    if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
    let length = first;
    let at = start + 2;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count === 0 || count > 4 || at + count > bytes.length) return undefined;
      length = 0;
      for (let index = 0; index < count; index++) length = length * 256 + bytes[at + index]!;
      if (length < 0x80 || length < 256 ** (count - 1)) return undefined;
      at += count;
    }
    if (at + length > bytes.length) return undefined;
    this.#at = at + length;
    return {
      tag,
      content: new Der(bytes.subarray(at, this.#at)),
      whole: bytes.subarray(start, this.#at),
    };
  }

  /** The next element, which must have a tag. */
  element(tag: number, problem: string): DerElement {
    const found = this.nextTag === tag ? this.next() : undefined;
    if (found === undefined) throw new X509Fault(problem);
    return found;
  }

  /** The content of the next element, which must have a tag. */
  read(tag: number, problem: string): Der {
    return this.element(tag, problem).content;
  }

  /** The content of the next element, if it has the tag. */
  optional(tag: number, problem: string): Der | undefined {
    return this.nextTag === tag ? this.read(tag, problem) : undefined;
  }

  boolean(problem: string): boolean {
    const { bytes } = this.read(TAG.boolean, problem);
    if (bytes.length !== 1 || (bytes[0] !== 0 && bytes[0] !== 0xff)) throw new X509Fault(problem);
    return bytes[0] === 0xff;
  }

  integer(problem: string, tag: number = TAG.integer): bigint {
    return integerOf(this.read(tag, problem).bytes, problem);
  }

  objectIdentifier(problem: string): ObjectIdentifier {
    return objectIdentifierOf(this.read(TAG.objectIdentifier, problem).bytes, problem);
  }

  /** The bytes of a bit string; unused bits at its end are shifted out. */
  bitString(problem: string): BitString {
    const { bytes } = this.read(TAG.bitString, problem);
    const unused = bytes[0];
    const isWrong =
      unused === undefined ||
      unused > 7 ||
      (bytes.length === 1 && unused > 0) ||
      (bytes.length > 1 && (bytes.at(-1)! & ((1 << unused) - 1)) !== 0);
    if (isWrong) throw new X509Fault(problem);
    return { bytes: bytes.subarray(1), unused };
  }
}

export interface BitString {
  readonly bytes: Uint8Array;
  readonly unused: number;
}

/** Whether a bit is set; counted from the first byte's highest. */
export function bitAt({ bytes, unused }: BitString, index: number): boolean {
  if (index >= bytes.length * 8 - unused) return false;
  return ((bytes[index >> 3]! >> (7 - (index & 7))) & 1) === 1;
}

/** The bits as bytes, without those that are not used. */
export function rightAligned({ bytes, unused }: BitString): Uint8Array {
  if (unused === 0 || bytes.length === 0) return bytes;
  return bytes.map(
    (byte, index) => (((index === 0 ? 0 : bytes[index - 1]!) << (8 - unused)) | (byte >> unused)) & 0xff,
  );
}

/** `[1, 2, 840, 113549]` */
export type ObjectIdentifier = readonly number[];

export function integerOf(bytes: Uint8Array, problem: string): bigint {
  const [first, second] = bytes;
  const isLong =
    second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (first === undefined || isLong) throw new X509Fault(problem);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return first >= 0x80 ? value - (1n << BigInt(bytes.length * 8)) : value;
}

const ARC_MAX = 2 ** 31 - 1;

export function objectIdentifierOf(bytes: Uint8Array, problem: string): ObjectIdentifier {
  const arcs: number[] = [];
  let arc = 0;
  let isStart = true;
  for (const byte of bytes) {
    if (isStart && byte === 0x80) throw new X509Fault(problem);
    arc = arc * 128 + (byte & 0x7f);
    if (arc > ARC_MAX) throw new X509Fault(problem);
    isStart = byte < 0x80;
    if (!isStart) continue;
    if (arcs.length > 0) arcs.push(arc);
    else {
      const top = arc < 40 ? 0 : arc < 80 ? 1 : 2;
      arcs.push(top, arc - top * 40);
    }
    arc = 0;
  }
  if (arcs.length === 0 || !isStart) throw new X509Fault(problem);
  return arcs;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
