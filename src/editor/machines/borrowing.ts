import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Offered } from '../../machines/leases/offers';
import { costOf, costText, hourText } from '../../machines/leases/caps';
import type { Lease } from '../../machines/leases/ledger';
import type { Wishes } from '../../machines/leases/talk';
import { pickOne, type PickItem } from '../doing/pickOne';
import { plain } from '../look/plain';
import { themeIcon } from '../look/treeItem';
import { hoursText, hoursUpTo } from './machineActions';
import { offerRow } from './machineRows';
import { describeLease, isThere, markOfLease, titleOf, type Known } from './machineText';

type Offers = Wishes['offers']['answer'];

export type Choice =
  | { readonly kind: 'here' }
  | { readonly kind: 'lent'; readonly lease: Lease }
  | { readonly kind: 'offer'; readonly offered: Offered };

/** A machine that is lent already, an offer, or this machine where that is offered; undefined when the person cancelled. */
export function chooseMachine(
  title: string,
  leases: readonly Lease[],
  known: Known,
  load: () => Promise<Offers>,
  here?: true,
): Promise<Choice | undefined> {
  const lent = leases.filter(isThere).map((lease): PickItem<Choice> => ({
    label: titleOf(lease),
    description: describeLease(lease, known),
    iconPath: themeIcon(markOfLease(lease, known)),
    value: { kind: 'lent', lease },
  }));
  const atOnce: PickItem<Choice>[] = [
    ...(here
      ? [
          {
            label: 'This Machine',
            iconPath: new vscode.ThemeIcon('device-desktop'),
            value: { kind: 'here' } as const,
          },
        ]
      : []),
    ...(lent.length > 0 ? [heading('borrowed'), ...lent] : []),
  ];
  return pickOne<Choice>(
    { title, placeholder: 'A machine; the lenders are asked for what they have', atOnce },
    async () => {
      const { offers, problems } = await load();
      const free = offers.filter(({ offer }) => offer.available !== false);
      const items = free.map((offered): PickItem<Choice> => {
        const { label, description = '' } = offerRow(offered);
        const of = plain(offered.lender);
        return { label, description, detail: `of ${of}`, value: { kind: 'offer', offered } };
      });
      const unasked = offers.flatMap(({ offer: { title, problem: why } }) =>
        why === undefined ? [] : [`${title}: ${why}`],
      );
      if (items.length + atOnce.length === 0)
        throw new UserError('No machine can be borrowed at the moment.', {
          advice: [...problems, ...unasked].join('\n') || undefined,
        });
      return [
        ...atOnce,
        ...(items.length > 0 ? [heading('may be borrowed'), ...items] : []),
        ...[...problems, ...unasked].map((problem) => ({ label: `$(warning) ${plain(problem)}` })),
      ];
    },
  );
}

/** For how long, with what it would cost; undefined when the person cancelled. */
export async function chooseHours(
  title: string,
  most: number,
  cost: (hours: number) => ReturnType<typeof costOf>,
): Promise<number | undefined> {
  const choice = await vscode.window.showQuickPick(
    hoursUpTo(most).map((hours) => {
      return { label: hoursText(hours), description: costText(cost(hours)), hours };
    }),
    { title: plain(title), placeHolder: 'For how long?', ignoreFocusOut: true },
  );
  return choice?.hours;
}

/** How long, and whether at that price; undefined when the person said no. */
export async function agreeOn(
  { lender, offer }: Offered,
  { caps }: Pick<Offers, 'caps'>,
): Promise<Wishes['borrow']['wish'] | undefined> {
  const cost = (hours: number) => costOf(offer.price, hours * 3600_000);
  const hours = await chooseHours(`Borrow ${offer.title}`, caps.hours, cost);
  if (hours === undefined) return undefined;
  const price = !offer.price
    ? 'Its lender tells no price: what it turns out to cost is held to your caps.'
    : offer.price.amount === 0
      ? 'It is free.'
      : `It costs ${costText(cost(hours))}: ${hourText(offer.price)}, and an hour that was begun counts as whole.`;
  const answer = await vscode.window.showWarningMessage(
    `Borrow ${plain(offer.title)} of ${plain(lender)} for ${hoursText(hours)}?`,
    {
      modal: true,
      detail: `${price} It is given back at its end at the latest; you can return it earlier, or extend it.`,
    },
    BORROW,
  );
  if (answer !== BORROW) return undefined;
  return { lender, offer: offer.id, hours, most: offer.price };
}

const BORROW = 'Borrow';

function heading(label: string): PickItem<never> {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
