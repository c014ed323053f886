import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../base/errors';
import { claimFile } from '../machines/claim';
import { ownerLives, type Owner } from '../machines/leases/ledger';
import { entryFile, readEntries, readEntry, replaceFile } from '../machines/leases/ledgerFiles';
import type { OtherMachine } from '../recipe/recipe';

/**
 * A machine that is, or will be in a moment, an agent of somebody's Jenkins: `agents/<id>.json` of the state
 * directory. It is written before the server is asked for anything, and struck off when the agent is seen gone
 * there and on the machine; so it outlives the lease whose server could not be reached at its end.
 */
export interface Attachment {
  readonly version: 1;
  /** As `attachmentId` makes it. It is part of the agent's mark. */
  readonly id: string;
  readonly machine: OtherMachine;
  /** The server's base address. */
  readonly server: string;
  /** The agent's name there. */
  readonly name: string;
  /** The id of the credential that was, or will be, made there for it. */
  readonly credential?: string;
  /** The labels by which jobs ask for it, with spaces between. */
  readonly labels?: string;
  /** Whose token made it; undefined for nobody's. */
  readonly user?: string;
  /** While it is `attaching` or `leaving`: the process that does that. */
  readonly owner: Owner;
  readonly state: 'attaching' | 'attached' | 'leaving';
  /** When the server was asked to create the agent, until it has answered; milliseconds since the epoch. */
  readonly askedAt?: number;
  /** What kept it from being taken off. */
  readonly problem?: string;
}

/** A lease's own id; of any other host a digest of its name. One machine is one agent at most. */
export function attachmentId(machine: OtherMachine): string {
  if ('lease' in machine) return machine.lease;
  return createHash('sha256').update(`host ${machine.host}`).digest('hex').slice(0, 12);
}

/** All that can be understood, and the ids of the others. */
export function readAttachments(root: string): { attachments: Attachment[]; damaged: string[] } {
  const { entries: attachments, damaged } = readEntries<Attachment>(agentsIn(root), 'server');
  return { attachments, damaged };
}

/** Undefined where the machine is no agent. @throws UserError where what is written cannot be read. */
export function attachmentOf(root: string, id: string): Attachment | undefined {
  const found = readEntry<Attachment>(agentsIn(root), id, 'server');
  if (found === 'damaged')
    throw new UserError(`What was written of the agent ${id} cannot be read.`, {
      advice: `It is in ${fileOf(root, id)}`,
    });
  return found;
}

/**
 * Does something with an attachment while no other process does. @throws UserError where one does.
 */
export async function holding<T>(root: string, id: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(agentsIn(root), { recursive: true, mode: 0o700 });
  const claim = join(agentsIn(root), `${id}.lock`);
  if (!claimFile(claim)) throw new UserError('Another process attaches it, or takes it off.');
  try {
    return await work();
  } finally {
    rmSync(claim, { force: true });
  }
}

/** To be called while `holding` it. */
export function write(root: string, attachment: Attachment): void {
  replaceFile(fileOf(root, attachment.id), attachment);
}

/** To be called while `holding` it: the agent was seen gone. */
export function strikeOff(root: string, id: string): void {
  rmSync(fileOf(root, id), { force: true });
}

/** Whether somebody is just at it. */
export function isBusy({ owner, state }: Attachment, here: string): boolean {
  return state !== 'attached' && ownerLives(owner, here);
}

export function agentsIn(root: string): string {
  return join(root, 'agents');
}

function fileOf(root: string, id: string): string {
  return entryFile(agentsIn(root), id);
}
