import type { Tool } from '@modelcontextprotocol/server';
import type { ListCall } from '@writ/decision';
import { type Incoming, requestOf } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { shownDefinition } from './definition.ts';
import { METHODS } from './methods.ts';
import { listItem, type OfferMethod } from './offers.ts';

/** Whoever asks for a list. */
type Asking = Pick<Incoming, 'caller' | 'meta'>;

/** What this caller could use. A point that fails hides everything: a list is an answer of policy too. */
export async function visibleTools(context: CallContext, incoming: Asking): Promise<Tool[]> {
  const tools = await context.catalogue.list();
  const items = tools.map(({ definition, upstream }) => ({ tool: definition.name, server: upstream.id }));
  const visible = await judgeList(context, incoming, 'tools/list', items);
  return tools
    .filter((_, index) => visible[index] === true)
    .map(({ definition, name }) => ({ ...shownDefinition(definition), name }));
}

/** The same for everything else that servers offer. */
export async function visibleOffers<Shown>(
  context: CallContext,
  incoming: Asking,
  method: OfferMethod,
): Promise<Shown[]> {
  const offers = await context.catalogue.offers(method);
  const items = offers.map((offer) => listItem(method, offer));
  const visible = await judgeList(context, incoming, method, items);
  return offers.flatMap(({ shown }, index) => (visible[index] === true ? [shown as unknown as Shown] : []));
}

/** Which of the items this caller may see. */
export async function judgeList(
  { point }: CallContext,
  incoming: Asking,
  method: OfferMethod | 'tools/list' | 'tasks/list',
  items: ListCall['items'],
): Promise<readonly boolean[]> {
  const { visible } = await point.list({
    request: requestOf(incoming, { type: METHODS[method].type, phase: 'list' }),
    items,
  });
  return visible;
}
