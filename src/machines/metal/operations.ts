import type {
  CapacityList,
  Device,
  Metro,
  OperatingSystem,
  Plan,
  Project,
  SpotPrices,
  SSHKey,
} from './shapes';

/**
 * The part of the Metal v1 API that borrowing needs. Operations bear the names that they have in its
 * OpenAPI document, grouped as its SDKs group them: `@equinix-labs/metal-sdk` can take this folder's place
 * where it can be had. All reject with a MetalError, or with the signal's reason. What makes something is
 * sent once, whatever becomes of the answer; everything else is repeated after a fault that passes.
 */
export interface Metal {
  readonly address: string;
  /** How many milliseconds the server's clock is ahead of ours, as its last answer told. */
  readonly clockSkew: number;
  /** Whether an answer has told it. */
  readonly clockTold: boolean;
  readonly devices: DevicesApi;
  readonly keys: SSHKeysApi;
  readonly plans: PlansApi;
  readonly metros: MetrosApi;
  readonly capacity: CapacityApi;
  readonly systems: OperatingSystemsApi;
  readonly spotMarket: SpotMarketApi;
  readonly projects: ProjectsApi;
}

export interface DevicesApi {
  /** `POST /projects/{id}/devices`. Refused with 422 where there is no capacity. Never repeated. */
  createDevice(project: string, wish: DeviceCreateInput, signal: AbortSignal): Promise<Device>;
  /** `GET /devices/{id}`; undefined where there is none (404), or none any more. */
  findDeviceById(id: string, signal: AbortSignal): Promise<Device | undefined>;
  /** `GET /projects/{id}/devices`, all pages; only those with the tag, where one is told. */
  findProjectDevices(
    project: string,
    filter: { tag?: string },
    signal: AbortSignal,
  ): Promise<Device[]>;
  /**
   * `PUT /devices/{id}`. That a `termination_time` can be moved is told of the field, but the schema
   * DeviceUpdateInput does not name it, nor does packngo's DeviceUpdateRequest: whoever moves one looks at the
   * device that is answered.
   */
  updateDevice(id: string, change: DeviceUpdateInput, signal: AbortSignal): Promise<Device>;
  /**
   * `DELETE /devices/{id}`; nothing happens where there is none. It goes on existing, `deprovisioning`, for a
   * while, and is `failed` where that fails (schema Device, `state`): it is to be deleted again then.
   */
  deleteDevice(id: string, signal: AbortSignal): Promise<void>;
}

/** Schema DeviceCreateInMetroInput. */
export interface DeviceCreateInput {
  readonly metro: string;
  readonly plan: string;
  readonly operatingSystem: string;
  /** Without underscores. */
  readonly hostname: string;
  readonly tags: readonly string[];
  readonly userdata: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly terminationTime: number;
  /** Ids of keys; without one of either kind the device would get those of all members. */
  readonly projectSshKeys?: readonly string[];
  readonly userSshKeys?: readonly string[];
  readonly spotInstance?: boolean;
  readonly spotPriceMax?: number;
  readonly hardwareReservationId?: string;
}

/** Schema DeviceUpdateInput. */
export interface DeviceUpdateInput {
  readonly tags?: readonly string[];
  /** Milliseconds since the epoch, by the server's clock. */
  readonly terminationTime?: number;
}

export interface SSHKeysApi {
  /** `POST /projects/{id}/ssh-keys`. Never repeated. */
  createProjectSSHKey(
    project: string,
    input: { label: string; key: string; tags: readonly string[] },
    signal: AbortSignal,
  ): Promise<SSHKey>;
  /** `GET /projects/{id}/ssh-keys`; `query` is "search by key, label, or fingerprint": whether by a part, is not said. */
  findProjectSSHKeys(
    project: string,
    filter: { query?: string },
    signal: AbortSignal,
  ): Promise<SSHKey[]>;
  /** `DELETE /ssh-keys/{id}`; nothing happens where there is none. */
  deleteSSHKey(id: string, signal: AbortSignal): Promise<void>;
}

export interface PlansApi {
  /** `GET /projects/{id}/plans` */
  findPlansByProject(project: string, signal: AbortSignal): Promise<Plan[]>;
}

export interface MetrosApi {
  /** `GET /locations/metros` */
  findMetros(signal: AbortSignal): Promise<Metro[]>;
}

export interface CapacityApi {
  /** `GET /capacity/metros` */
  findCapacityForMetro(signal: AbortSignal): Promise<CapacityList>;
  /** `POST /capacity/metros`: whether there is one of the plan in the metro; undefined where it is not told. */
  checkCapacityForMetro(
    server: { plan: string; metro: string },
    signal: AbortSignal,
  ): Promise<boolean | undefined>;
}

export interface OperatingSystemsApi {
  /** `GET /operating-systems` */
  findOperatingSystems(signal: AbortSignal): Promise<OperatingSystem[]>;
}

export interface SpotMarketApi {
  /** `GET /market/spot/prices/metros` */
  findMetroSpotMarketPrices(signal: AbortSignal): Promise<SpotPrices>;
}

export interface ProjectsApi {
  /** `GET /projects`, all pages. */
  findProjects(signal: AbortSignal): Promise<Project[]>;
}
