import { z } from 'zod';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be `sha256:` and 64 hexadecimal digits');
const text = z.string().min(1).max(256);

/** `metadata.writ.release` of a manifest: what shares one version with the bundle, and so goes in and back with it. */
export const releaseSchema = z
  .strictObject({
    name: text.describe('What is released together, such as `support-agent`'),
    version: text,
    agents: z
      .record(text, text)
      .optional()
      .describe('By id of the agent: the version that `actor.version` must name'),
    tools: z
      .record(z.string().regex(/^[^/\s]+\/\S+$/, 'must be SERVER/TOOL'), digest)
      .optional()
      .describe('By SERVER/TOOL: the digest of the definition that a call must be made by'),
  })
  .describe('What shares one version with this bundle');

/** What shares one version with a bundle. Signed with it, since it stands in its manifest. */
export interface Release {
  readonly name: string;
  readonly version: string;
  /** Agent id → version. */
  readonly agents?: Readonly<Record<string, string>>;
  /** `SERVER/TOOL` → `sha256:<hex>` of the tool's definition. */
  readonly tools?: Readonly<Record<string, string>>;
}
