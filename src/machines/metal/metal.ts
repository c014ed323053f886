import { fields, list, number } from '../../base/json';
import { isMetalError, MetalError } from './metalError';
import type { Metal } from './operations';
import {
  all,
  readCapacity,
  readDevice,
  readKey,
  readMetro,
  readOperatingSystem,
  readPlan,
  readProject,
  readSpotPrices,
} from './shapes';
import { openMetalWire, type MetalMessage, type MetalOptions } from './wire';

const PER_PAGE = 100;
const MOST_PAGES = 100;

/** @throws MetalError where the address cannot be asked. */
export function openMetal(options: MetalOptions): Metal {
  const wire = openMetalWire(options);
  /** What is read of an answer that must hold it. */
  async function one<T>(
    message: MetalMessage,
    read: (value: unknown) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const found = read(await wire.send(message, signal));
    if (found !== undefined) return found;
    throw new MetalError(
      'unreadable',
      `${wire.address} answered ${message.method} /${message.path[0] ?? ''} with something else than was asked for.`,
      { undecided: true, advice: 'Does it speak the Metal API, version 1?' },
    );
  }

  function several<T>(message: MetalMessage, of: Listing<T>, signal: AbortSignal): Promise<T[]> {
    return one(message, (value) => listed(value, of), signal);
  }

  /** By number, not by the addresses that `meta` has: those are the server's words. */
  async function pages<T>(
    message: MetalMessage,
    of: Listing<T>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const found: T[] = [];
    for (let page = 1; page <= MOST_PAGES; page++) {
      const query = { ...message.query, page: String(page), per_page: String(PER_PAGE) };
      const { items, last } = await one(
        { ...message, query },
        (value) => {
          const items = listed(value, of);
          const last = number(fields(fields(value)['meta'])['last_page']) ?? 1;
          return items && { items, last };
        },
        signal,
      );
      found.push(...items);
      if (page >= last) return found;
    }
    throw new MetalError(
      'unreadable',
      `${wire.address} has more than ${MOST_PAGES * PER_PAGE} ${of.name}.`,
    );
  }

  async function remove(path: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      await wire.send({ method: 'DELETE', path }, signal);
    } catch (error) {
      if (!isMetalError(error, 'notFound')) throw error;
    }
  }

  return {
    address: wire.address,
    get clockSkew() {
      return wire.clockSkew;
    },
    get clockTold() {
      return wire.clockTold;
    },
    devices: {
      createDevice: (project, wish, signal) =>
        one(
          {
            method: 'POST',
            path: ['projects', project, 'devices'],
            body: {
              metro: wish.metro,
              plan: wish.plan,
              operating_system: wish.operatingSystem,
              hostname: wish.hostname,
              billing_cycle: 'hourly',
              tags: wish.tags,
              userdata: wish.userdata,
              termination_time: iso(wish.terminationTime),
              project_ssh_keys: wish.projectSshKeys,
              user_ssh_keys: wish.userSshKeys,
              spot_instance: wish.spotInstance,
              spot_price_max: wish.spotPriceMax,
              hardware_reservation_id: wish.hardwareReservationId,
            },
            once: true,
          },
          readDevice,
          signal,
        ),
      findDeviceById: async (id, signal) => {
        try {
          return await one({ method: 'GET', path: ['devices', id] }, readDevice, signal);
        } catch (error) {
          if (isMetalError(error, 'notFound')) return undefined;
          throw error;
        }
      },
      findProjectDevices: async (project, { tag }, signal) => {
        const found = await pages(
          {
            method: 'GET',
            path: ['projects', project, 'devices'],
            query: tag === undefined ? {} : { tag },
          },
          { name: 'devices', read: readDevice },
          signal,
        );
        // A server that does not know the filter gives all.
        return found.filter(({ tags }) => tag === undefined || tags.includes(tag));
      },
      updateDevice: (id, { tags, terminationTime }, signal) =>
        one(
          {
            method: 'PUT',
            path: ['devices', id],
            body: {
              tags,
              termination_time: terminationTime === undefined ? undefined : iso(terminationTime),
            },
          },
          readDevice,
          signal,
        ),
      deleteDevice: (id, signal) => remove(['devices', id], signal),
    },
    keys: {
      createProjectSSHKey: (project, body, signal) =>
        one(
          { method: 'POST', path: ['projects', project, 'ssh-keys'], body, once: true },
          readKey,
          signal,
        ),
      findProjectSSHKeys: (project, { query }, signal) =>
        several(
          {
            method: 'GET',
            path: ['projects', project, 'ssh-keys'],
            query: query === undefined ? {} : { query },
          },
          { name: 'ssh_keys', read: readKey },
          signal,
        ),
      deleteSSHKey: (id, signal) => remove(['ssh-keys', id], signal),
    },
    plans: {
      findPlansByProject: (project, signal) =>
        several(
          { method: 'GET', path: ['projects', project, 'plans'] },
          { name: 'plans', read: readPlan },
          signal,
        ),
    },
    metros: {
      findMetros: (signal) =>
        several(
          { method: 'GET', path: ['locations', 'metros'] },
          { name: 'metros', read: readMetro },
          signal,
        ),
    },
    capacity: {
      findCapacityForMetro: (signal) =>
        one({ method: 'GET', path: ['capacity', 'metros'] }, readCapacity, signal),
      checkCapacityForMetro: (server, signal) =>
        one(
          {
            method: 'POST',
            path: ['capacity', 'metros'],
            body: { servers: [{ ...server, quantity: '1' }] },
          },
          (value) => {
            const told = fields(list(fields(value)['servers'])[0])['available'];
            return { available: typeof told === 'boolean' ? told : undefined };
          },
          signal,
        ).then(({ available }) => available),
    },
    systems: {
      findOperatingSystems: (signal) =>
        several(
          { method: 'GET', path: ['operating-systems'] },
          { name: 'operating_systems', read: readOperatingSystem },
          signal,
        ),
    },
    spotMarket: {
      findMetroSpotMarketPrices: (signal) =>
        one(
          { method: 'GET', path: ['market', 'spot', 'prices', 'metros'] },
          readSpotPrices,
          signal,
        ),
    },
    projects: {
      findProjects: (signal) =>
        pages(
          { method: 'GET', path: ['projects'] },
          { name: 'projects', read: readProject },
          signal,
        ),
    },
  };
}

interface Listing<T> {
  readonly name: string;
  readonly read: (value: unknown) => T | undefined;
}

function listed<T>(value: unknown, { name, read }: Listing<T>): T[] | undefined {
  const found = fields(value)[name];
  return Array.isArray(found) ? all(found, read) : undefined;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
