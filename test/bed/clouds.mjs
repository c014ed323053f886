#!/usr/bin/env node
// Stands in for aws, hcloud, bkr, for curl towards Latitude.sh, and for ssh, by the name that it is called by. What
// it lends is in the file $CLOUD; that file also has what it was asked. Who is signed in elsewhere ($CLOUD_PLACE) sees
// nothing of it; with $CLOUD_DOWN it cannot be reached, with $CLOUD_DENIED nobody is signed in, and with $CLOUD_SHUT a
// firewall lets nobody in.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const [, called, ...words] = process.argv;
const path = process.env.CLOUD;
const cloud = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : { machines: [], data: [], ended: [], asked: [] };
const program = basename(called);
cloud.asked.push([program, ...words].join(' '));

const option = (name) => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
};
const options = (name) => words.filter((_, at) => words[at - 1] === name);
const fail = (why, code = 1) => {
  process.stderr.write(`${why}\n`);
  process.exitCode = code;
  return '';
};
const place = process.env.CLOUD_PLACE ?? 'home';
const here = (things) => things.filter((one) => one.place === place);
const json = (value) => JSON.stringify(value);

function publicOf(text) {
  const file = `${path}.key`;
  const key = /-----BEGIN [^]*-----END [A-Z ]+-----\n/.exec(text)[0];
  writeFileSync(file, key, { mode: 0o600 });
  // Without the comment.
  return /^\S+ \S+/.exec(execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }))[0];
}

/** It takes one question longer than one would like, wherever one has to wait. */
const later = (machine) => (machine.asked = (machine.asked ?? 0) + 1) > 1;

const programs = {
  aws() {
    const [service, verb] = words;
    if (process.env.CLOUD_DENIED) return fail('Unable to locate credentials.', 253);
    if (verb === 'get-caller-identity') return '123456789012';
    if (service !== 'ec2') return fail('no such service');
    if (verb === 'describe-availability-zones') return place;
    if (verb === 'wait') return '';
    if (verb === 'describe-images')
      return option('--image-ids') === 'ami-1'
        ? '/dev/xvda'
        : fail('\nAn error occurred (InvalidAMIID.NotFound) when calling DescribeImages', 254);
    if (verb === 'run-instances') {
      if (option('--instance-type') === 'none.metal')
        return fail('\nAn error occurred (InsufficientInstanceCapacity): no capacity', 254);
      const [{ Tags }] = JSON.parse(option('--tag-specifications'));
      const [{ DeviceName, Ebs }] = JSON.parse(option('--block-device-mappings'));
      if (DeviceName !== '/dev/xvda' || Ebs.VolumeSize < 20) return fail('its disk is too small');
      const userData = readFileSync(option('--user-data').replace('file://', ''), 'utf8');
      const machine = {
        id: `i-${cloud.machines.length + 1}`,
        type: option('--instance-type'),
        // The default group lets in nobody but its own members.
        shut: option('--security-group-ids') !== 'sg-1',
        ...{ place, Tags, userData },
      };
      if (option('--instance-initiated-shutdown-behavior') !== 'terminate')
        return fail('it would stay');
      cloud.machines.push(machine);
      return machine.id;
    }
    if (verb === 'terminate-instances') {
      cloud.machines = cloud.machines.filter(({ id }) => id !== option('--instance-ids'));
      return '{}';
    }
    const [, name, value] = /^Name=([^,]*),Values=(.*)$/.exec(option('--filters'));
    const found = here(cloud.machines).filter(({ id, Tags }) =>
      name === 'instance-id'
        ? id === value
        : name === 'tag-key'
          ? Tags.some(({ Key }) => Key === value)
          : Tags.some(({ Key, Value }) => `tag:${Key}` === name && Value === value),
    );
    return json({
      Reservations: found.map(({ id, type, Tags }) => ({
        Instances: [{ InstanceId: id, InstanceType: type, PublicIpAddress: '192.0.2.1', Tags }],
      })),
    });
  },
  hcloud() {
    const [kind, verb] = words;
    if (kind === 'context') return place;
    if (process.env.CLOUD_DENIED) return fail('hcloud: no active context or token');
    if (kind === 'server-type')
      return words[2] === 'ccx33' || words[2] === 'none'
        ? `ID: 1 Name: ${words[2]}`
        : fail(`hcloud: Server Type not found: ${words[2]}`);
    const kept = kind === 'server' ? 'machines' : 'data';
    if (verb === 'create') {
      const labels = Object.fromEntries(options('--label').map((label) => label.split('=')));
      for (const value of Object.values(labels))
        if (!/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(value))
          return fail(`no label: ${value}`);
      const made = { id: cloud[kept].length + 1, name: option('--name'), place, labels };
      if (kind === 'ssh-key') {
        cloud.data.push({ ...made, key: readFileSync(option('--public-key-from-file'), 'utf8') });
        return 'SSH Key created';
      }
      if (option('--type') === 'none') return fail('hcloud: no server (resource_unavailable, 1)');
      const userData = readFileSync(option('--user-data-from-file'), 'utf8');
      // Without a key, Hetzner gives root a password that has expired.
      const expired = !cloud.data.some(({ name }) => name === option('--ssh-key'));
      cloud.machines.push({ ...made, type: option('--type'), expired, userData });
      return expired ? 'Root password: s3cret' : 'Server created';
    }
    if (verb === 'add-label') {
      const machine = cloud.machines.find(({ name }) => name === words[3]);
      const [key, value] = words[4].split('=');
      if (!machine) return fail('no such server');
      machine.labels[key] = value;
      return '';
    }
    if (verb === 'delete') {
      cloud[kept] = cloud[kept].filter(({ id }) => String(id) !== words[2]);
      return '';
    }
    const [key, value] = option('--selector').split('=');
    const found = here(cloud[kept]).filter(({ labels }) =>
      value === undefined ? key in labels : labels[key] === value,
    );
    return json(
      found.map(({ id, type, labels }) => ({
        ...{ id, labels },
        ...(type && { server_type: { name: type }, public_net: { ipv4: { ip: '192.0.2.1' } } }),
      })),
    );
  },
  curl() {
    if (words.join(' ').includes('s3cret') || !readFileSync(0, 'utf8').includes('Bearer s3cret'))
      return fail('the token is where it must not be, or is not there');
    if (process.env.CLOUD_DENIED)
      return fail('curl: (22) The requested URL returned error: 401', 22);
    const { pathname, searchParams } = new URL(words.at(-1));
    const [, kind, id] = pathname.split('/');
    // What lies below a project is deprecated.
    if (kind === 'projects')
      return json({
        data: id || place !== 'home' ? [] : [{ id: 'proj_1', attributes: { slug: 'p1' } }],
      });
    const kept = kind === 'servers' ? 'machines' : 'data';
    const method = option('--request');
    if (method === 'POST') {
      const { attributes } = JSON.parse(readFileSync(option('--data').slice(1), 'utf8')).data;
      const one = { id: `${kind}-${cloud[kept].length + 1}`, place, attributes };
      cloud[kept].push(one);
      if (kind === 'servers') {
        const data = cloud.data.find((other) => other.id === attributes.user_data);
        one.userData = Buffer.from(data.attributes.content, 'base64').toString();
      }
      return json({ data: one });
    }
    if (method === 'DELETE') {
      cloud[kept] = cloud[kept].filter((one) => one.id !== id);
      return '';
    }
    const mine = here(cloud[kept]).filter(
      ({ attributes }) => attributes.project === searchParams.get('filter[project]'),
    );
    return json({
      data: mine.map((one) => ({
        id: one.id,
        attributes: {
          ...one.attributes,
          status: later(one) ? 'on' : 'deploying',
          primary_ipv4: '192.0.2.1',
          plan: { slug: one.attributes.plan },
        },
      })),
    });
  },
  bkr() {
    const [verb] = words;
    if (verb === 'whoami')
      return process.env.CLOUD_DENIED ? fail('401 Client Error') : json({ username: 'ada' });
    if (verb === 'workflow-simple') {
      if (!words.includes('--dry-run')) return fail('nobody wants that here');
      // cmd_workflow_simple.py prints the job with --debug only.
      if (!words.includes('--debug')) return '';
      const requires = options('--hostrequire').map((one) => `<require>${one}</require>`);
      return `<job><whiteboard>${option('--whiteboard')}</whiteboard>${requires.join('')}<![CDATA[${option('--ks-append')}]]></job>`;
    }
    if (verb === 'job-submit') {
      const userData = readFileSync(0, 'utf8');
      const id = `J:${cloud.machines.length + 1}`;
      const [, whiteboard] = /<whiteboard>(.*)<\/whiteboard>/.exec(userData);
      cloud.machines.push({ id, place, whiteboard, userData });
      return `Submitted: ['${id}']`;
    }
    if (verb === 'job-list')
      return here(cloud.machines)
        .filter(({ whiteboard }) => whiteboard.includes(option('--whiteboard')))
        .map(({ id }) => id)
        .join('\n');
    if (verb === 'job-results') {
      const job = here([...cloud.machines, ...cloud.ended]).find(({ id }) => id === words.at(-1));
      if (!job) return fail(`Invalid ${words.at(-1)}`);
      const status = later(job) ? 'Reserved' : 'Installing';
      return `<job id="1" status="${status}"><whiteboard>${job.whiteboard}</whiteboard>\n<recipeSet id="2">\n<recipe id="3" arch="x86_64" status="${status}" system="192.0.2.1"/></recipeSet></job>`;
    }
    if (verb === 'job-cancel') {
      cloud.ended.push(...cloud.machines.filter(({ id }) => id === words.at(-1)));
      cloud.machines = cloud.machines.filter(({ id }) => id !== words.at(-1));
    }
    return '';
  },
  // It lets in the key that the machine was given, if the one who comes knows the machine's own; the second time.
  ssh() {
    const machine = cloud.machines.at(-1);
    cloud.logins = (cloud.logins ?? 0) + 1;
    if (machine.shut || process.env.CLOUD_SHUT) return fail('Connection timed out', 255);
    if (cloud.logins < 2) return fail('Connection refused', 255);
    const host =
      /ed25519_public: (\S+ \S+)/.exec(machine.userData)?.[1] ?? publicOf(machine.userData);
    const [, file] = /UserKnownHostsFile="(.*)"/.exec(words.join('\n'));
    if (readFileSync(file, 'utf8') !== `192.0.2.1 ${host}\n`)
      return fail('Host key verification failed.', 255);
    const key = execFileSync('ssh-keygen', ['-y', '-f', option('-i')], { encoding: 'utf8' });
    if (!machine.userData.includes(key.split(' ')[1])) return fail('Permission denied', 255);
    if (machine.expired) return fail('Password change required but no TTY available.', 1);
    return '';
  },
};
if (process.env.CLOUD_DOWN && !program.startsWith('ssh')) {
  process.stderr.write('the cloud cannot be reached\n');
  process.exit(7);
}
process.stdout.write(`${programs[program]()}\n`);
writeFileSync(path, json(cloud));
