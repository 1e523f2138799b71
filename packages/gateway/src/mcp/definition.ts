import { createHash } from 'node:crypto';
import type { Tool } from '@modelcontextprotocol/client';
import { canonicalJson, type Json } from '@writ/decision';

/** Members of a definition that clients get to see: all of them are pinned, and no other is passed on. */
const SHOWN = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'] as const;

/** The definition as clients see it. */
export function shownDefinition(definition: Tool): Tool {
  const shown = SHOWN.flatMap((member) =>
    definition[member] === undefined ? [] : [[member, definition[member]]],
  );
  return Object.fromEntries(shown) as Tool;
}

/**
 * `sha256:<hex>` of everything that clients see of the tool, since a model reads titles, annotations and schemas too:
 * one digest for pins, releases, decisions and approvals.
 */
export function toolDigest(definition: Tool): string {
  return definitionDigest(shownDefinition(definition));
}

/** `sha256:<hex>` of the RFC 8785 form of a definition. */
export function definitionDigest(value: object): string {
  return `sha256:${createHash('sha256')
    .update(canonicalJson(value as unknown as Json))
    .digest('hex')}`;
}
