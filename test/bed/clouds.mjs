#!/usr/bin/env node
// Stands in for aws, hcloud, bkr, for curl towards Latitude.sh, and for ssh and ssh-keyscan, by the name
// that it is called by. What it lends is in the file $CLOUD; that file also has what it was asked.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const [, called, ...words] = process.argv;
const path = process.env.CLOUD;
const cloud = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : { machines: [], data: [], asked: [] };
const program = basename(called);
cloud.asked.push([program, ...words].join(' '));

const option = (name) => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
};
const options = (name) => words.filter((_, at) => words[at - 1] === name);
const fail = (why) => {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
  return '';
};
const json = (value) => JSON.stringify(value);

function publicOf(text) {
  const file = `${path}.key`;
  const key = /-----BEGIN [^]*-----END [A-Z ]+-----\n/.exec(text)[0];
  writeFileSync(file, key, { mode: 0o600 });
  return execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim();
}

/** It takes one question longer than one would like, wherever one has to wait. */
const later = (machine) => (machine.asked = (machine.asked ?? 0) + 1) > 1;

const programs = {
  aws() {
    const [service, verb] = words;
    if (service !== 'ec2') return fail('no such service');
    if (verb === 'wait') return '';
    if (verb === 'run-instances') {
      const [{ Tags }] = JSON.parse(option('--tag-specifications'));
      const userData = readFileSync(option('--user-data').replace('file://', ''), 'utf8');
      const machine = {
        id: `i-${cloud.machines.length + 1}`,
        type: option('--instance-type'),
        Tags,
        userData,
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
    const found = cloud.machines.filter(({ id, Tags }) =>
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
    const [, verb] = words;
    if (verb === 'create') {
      const labels = Object.fromEntries(options('--label').map((label) => label.split('=')));
      for (const value of Object.values(labels))
        if (!/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(value))
          return fail(`no label: ${value}`);
      const userData = readFileSync(option('--user-data-from-file'), 'utf8');
      cloud.machines.push({
        id: cloud.machines.length + 1,
        name: option('--name'),
        type: option('--type'),
        labels,
        userData,
      });
      return 'Server created';
    }
    if (verb === 'add-label') {
      const machine = cloud.machines.find(({ name }) => name === words[3]);
      const [key, value] = words[4].split('=');
      if (!machine) return fail('no such server');
      machine.labels[key] = value;
      return '';
    }
    if (verb === 'delete') {
      cloud.machines = cloud.machines.filter(({ id }) => String(id) !== words[2]);
      return '';
    }
    const [key, value] = option('--selector').split('=');
    const found = cloud.machines.filter(({ labels }) =>
      value === undefined ? key in labels : labels[key] === value,
    );
    return json(
      found.map(({ id, type, labels }) => ({
        id,
        labels,
        server_type: { name: type },
        public_net: { ipv4: { ip: '192.0.2.1' } },
      })),
    );
  },
  curl() {
    if (words.join(' ').includes('s3cret') || !readFileSync(0, 'utf8').includes('Bearer s3cret'))
      return fail('the token is where it must not be, or is not there');
    const [, place, id] = /sh(?:\/projects\/[^/]+)?\/(\w+)\/?([\w-]*)/.exec(words.at(-1));
    const kept = place === 'servers' ? 'machines' : 'data';
    const method = option('--request');
    if (method === 'POST') {
      const { attributes } = JSON.parse(option('--data')).data;
      const one = { id: `${place}-${cloud[kept].length + 1}`, attributes };
      cloud[kept].push(one);
      if (place === 'servers') {
        const data = cloud.data.find((other) => other.id === attributes.user_data);
        one.userData = Buffer.from(data.attributes.content, 'base64').toString();
      }
      return json({ data: one });
    }
    if (method === 'DELETE') {
      cloud[kept] = cloud[kept].filter((one) => one.id !== id);
      return '';
    }
    return json({
      data: cloud[kept].map((one) => ({
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
    if (verb === 'workflow-simple') {
      if (!words.includes('--dry-run')) return fail('nobody wants that here');
      // cmd_workflow_simple.py prints the job with --debug only.
      if (!words.includes('--debug')) return '';
      return `<job><whiteboard>${option('--whiteboard')}</whiteboard><![CDATA[${option('--ks-append')}]]></job>`;
    }
    if (verb === 'job-submit') {
      const userData = readFileSync(0, 'utf8');
      const id = `J:${cloud.machines.length + 1}`;
      const [, whiteboard] = /<whiteboard>(.*)<\/whiteboard>/.exec(userData);
      cloud.machines.push({ id, whiteboard, userData });
      return `Submitted: ['${id}']`;
    }
    if (verb === 'job-list')
      return cloud.machines
        .filter(({ whiteboard }) => whiteboard.includes(option('--whiteboard')))
        .map(({ id }) => id)
        .join('\n');
    if (verb === 'job-results') {
      const job = cloud.machines.find(({ id }) => id === words.at(-1));
      const status = later(job) ? 'Reserved' : 'Installing';
      return `<job id="1" status="${status}"><whiteboard>${job.whiteboard}</whiteboard>\n<recipeSet id="2">\n<recipe id="3" arch="x86_64" status="${status}" system="192.0.2.1"/></recipeSet></job>`;
    }
    if (verb === 'job-cancel')
      cloud.machines = cloud.machines.filter(({ id }) => id !== words.at(-1));
    return '';
  },
  ssh: () => '',
  // The key of the machine is the one that its user data gave it; the second time, it answers.
  'ssh-keyscan'() {
    const machine = cloud.machines.at(-1);
    cloud.scanned = (cloud.scanned ?? 0) + 1;
    if (cloud.scanned < 2) return '';
    const host =
      /ed25519_public: (\S+ \S+)/.exec(machine.userData)?.[1] ?? publicOf(machine.userData);
    return `192.0.2.1 ${host}`;
  },
};
if (process.env.CLOUD_DOWN && !program.startsWith('ssh')) {
  process.stderr.write('the cloud cannot be reached\n');
  process.exit(7);
}
process.stdout.write(`${programs[program]()}\n`);
writeFileSync(path, json(cloud));
