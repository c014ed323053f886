/** What a project at a server that speaks the Metal API holds for our leases. */
import { UserError } from '../../base/errors';
import { printable } from '../../base/json';
import { isMetalError } from '../metal/metalError';
import type { Metal } from '../metal/operations';
import type { Device, SSHKey } from '../metal/shapes';
import { leaseTag } from './packetMarks';

/** The id of the project that is meant by an id or a name; the only one that the token opens unless told. */
export async function projectOf(
  metal: Metal,
  { name, project }: { readonly name: string; readonly project?: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  if (project !== undefined && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(project))
    return project;
  const all = await metal.projects.findProjects(signal);
  const found = all.filter((one) => project === undefined || one.name === project);
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first.id;
  const names = all.map((one) => printable(one.name ?? one.id, 40)).slice(0, 10);
  throw new UserError(`It is not clear in which project ${name} is to lend.`, {
    advice:
      names.length === 0
        ? 'The token opens none.'
        : `Name one in the settings: ${names.join(', ')}.`,
  });
}

/** A lease's devices that are not gone; also one that is known by its id, if its tags were changed. */
export async function devicesOf(
  metal: Metal,
  project: string,
  lease: string,
  signal: AbortSignal,
  id?: string,
): Promise<Device[]> {
  const found = await metal.devices.findProjectDevices(project, { tag: leaseTag(lease) }, signal);
  const known =
    id === undefined || found.some((device) => device.id === id)
      ? undefined
      : await deviceOf(metal, id, signal);
  return [...found, ...(known === undefined ? [] : [known])].filter(isThere);
}

/**
 * Undefined where there is none any more. That is also 403 from Equinix Metal: what could not be provisioned
 * is taken from the project, whose token then no longer opens it (equinix/terraform-provider-equinix,
 * resource_metal_device.go: `waitForActiveDevice`, and `ignoreResponseErrors(httpForbidden, httpNotFound)`).
 * To be asked only where the token has just opened the project.
 */
export async function deviceOf(
  metal: Metal,
  id: string,
  signal: AbortSignal,
): Promise<Device | undefined> {
  try {
    return await metal.devices.findDeviceById(id, signal);
  } catch (error) {
    if (isMetalError(error, 'forbidden') && error.status === 403) return undefined;
    throw error;
  }
}

export async function keysOf(
  metal: Metal,
  project: string,
  lease: string,
  signal: AbortSignal,
): Promise<SSHKey[]> {
  const label = leaseTag(lease);
  const found = await metal.keys.findProjectSSHKeys(project, { query: label }, signal);
  return found.filter((key) => key.label === label);
}

export function isThere({ state }: Device): boolean {
  return state !== 'deleted';
}
