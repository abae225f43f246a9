// The centre of the npm package `smpp`, told what to do and telling what it met, one JSON line each.
'use strict';

const smpp = require('smpp');

const sessions = new Map();
const asked = new Map();
let number = 0;
let mute = false;

const say = (met) => process.stdout.write(JSON.stringify(met) + '\n');
const hex = (text) => Buffer.from(text, 'hex');

const server = smpp.createServer((session) => {
  const id = String(++number);
  const bind = (pdu) => {
    asked.set(`${id}:${pdu.sequence_number}`, pdu);
    sessions.set(id, session);
    say({
      met: 'bind', session: id, sequence: pdu.sequence_number, system_id: pdu.system_id,
      password: pdu.password, system_type: pdu.system_type, receives: pdu.command === 'bind_transceiver',
    });
  };
  session.on('bind_transceiver', bind);
  session.on('bind_transmitter', bind);
  session.on('submit_sm', (pdu) => {
    asked.set(`${id}:${pdu.sequence_number}`, pdu);
    const said = pdu.short_message;
    say({
      met: 'submit', session: id, sequence: pdu.sequence_number, to: pdu.destination_addr,
      line: pdu.source_addr, coding: pdu.data_coding, wants_receipt: pdu.registered_delivery === 1,
      header: (said.udh || []).map((one) => one.toString('hex')).join(''), text: said.message,
    });
  });
  session.on('enquire_link', (pdu) => {
    say({ met: 'enquire_link', session: id });
    if (!mute) session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('error', () => {});
  session.on('close', () => {
    if (sessions.delete(id)) say({ met: 'close', session: id });
  });
});

const orders = {
  answer({ session, sequence, status, name }) {
    const pdu = asked.get(`${session}:${sequence}`);
    asked.delete(`${session}:${sequence}`);
    const held = sessions.get(session);
    if (!held) return;
    const more = name === undefined ? {} : { message_id: name };
    held.send(pdu.response({ command_status: status, ...more }));
  },
  deliver({ session, token, sender, line, esm_class, coding, octets, parameters }) {
    const held = sessions.get(session);
    const pdu = {
      source_addr: sender, destination_addr: line, esm_class, data_coding: coding,
      short_message: hex(octets), ...parameters,
    };
    if (parameters.message_payload !== undefined) pdu.message_payload = hex(parameters.message_payload);
    if (!held || !held.deliver_sm(pdu, (met) => say({ met: 'taken', token, status: met.command_status }))) {
      say({ met: 'taken', token, status: null });
    }
  },
  ask({ session, command }) {
    const held = sessions.get(session);
    held[command]({}, (met) => say({ met: 'asked', session, command: met.command }));
  },
  mute(order) {
    mute = order.mute;
  },
};

server.listen(0, '127.0.0.1', () => say({ met: 'listening', port: server.address().port }));

let rest = '';
process.stdin.on('data', (more) => {
  const lines = (rest + more).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    const order = JSON.parse(line);
    orders[order.do](order);
  }
});
process.stdin.on('end', () => process.exit(0));
