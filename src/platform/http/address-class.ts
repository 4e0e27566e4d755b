import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Addresses that look public and still belong to a cloud's own control plane. */
const METADATA = new Set(['168.63.129.16']);

const GLOBAL_UNICAST: readonly [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/** Forms that reach exactly the IPv4 address in their last 32 bits, so that one decides. */
const CARRIERS_OF_IPV4: readonly (readonly [ipaddr.IPv6, number])[] = [
  [ipaddr.IPv6.parse('::ffff:0:0'), 96],
  [ipaddr.IPv6.parse('64:ff9b::'), 96],
];

/**
 * Why an address must not be connected to, such as `private` or `loopback`; `undefined` for a public address.
 * The text must be an address as a resolver or WHATWG URL writes it, without brackets.
 */
export function findRefusalReason(address: string): string | undefined {
  if (isIP(address) === 0 || address.includes('%')) return 'not an IP address';
  if (isIP(address) === 4) return judgeIPv4(ipaddr.IPv4.parse(address));
  // In hexadecimal first: the parser takes "::8.8.8.8" for "::ffff:8.8.8.8", which is another address.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  return judgeIPv6(ipaddr.IPv6.parse(canonical));
}

function judgeIPv4(address: ipaddr.IPv4): string | undefined {
  if (METADATA.has(address.toString())) return 'metadata';
  const range = address.range();
  return range === 'unicast' ? undefined : range;
}

function judgeIPv6(address: ipaddr.IPv6): string | undefined {
  if (CARRIERS_OF_IPV4.some(([network, bits]) => address.match(network, bits))) {
    return judgeIPv4(new ipaddr.IPv4(address.toByteArray().slice(12)));
  }
  const range = address.range();
  if (range !== 'unicast') return range;
  // Everything outside of 2000::/3 is unassigned, or an old way of wrapping IPv4.
  return address.match(GLOBAL_UNICAST[0], GLOBAL_UNICAST[1]) ? undefined : 'reserved';
}
