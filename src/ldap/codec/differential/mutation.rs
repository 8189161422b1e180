//! Messages damaged at random: octets anywhere, and elements within a structure that stays in order
//! otherwise.

use super::generator::Generator;
use crate::ldap::ber::header;
use crate::ldap::codec::samples::element;

/// Octets that begin an element or a length, or end a range.
const TELLING: [u8; 20] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0a, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x87, 0xa0,
    0xa2, 0xa3, 0xfe, 0xff,
];

/// `bytes` with one or two things changed.
pub fn mutated(bytes: Vec<u8>, generator: &mut Generator) -> Vec<u8> {
    (0..=generator.below(2)).fold(bytes, |bytes, _| match generator.below(3) {
        0 => with_octets_changed(bytes, generator),
        _ => with_elements_changed(bytes, generator),
    })
}

fn with_octets_changed(mut bytes: Vec<u8>, generator: &mut Generator) -> Vec<u8> {
    if bytes.is_empty() {
        return vec![generator.one_of(&TELLING)];
    }
    let at = generator.below(bytes.len());
    match generator.below(6) {
        0 => bytes[at] ^= 1 << generator.below(8),
        1 => bytes[at] = generator.one_of(&TELLING),
        2 => bytes[at] = generator.next() as u8,
        3 => bytes.insert(at, generator.one_of(&TELLING)),
        4 => drop(bytes.remove(at)),
        _ => bytes.truncate(at),
    }
    bytes
}

/// An element whose parts are known, if it has parts that make sense.
struct Node {
    tag: u8,
    content: Content,
}

enum Content {
    Octets(Vec<u8>),
    Parts(Vec<Node>),
}

fn with_elements_changed(bytes: Vec<u8>, generator: &mut Generator) -> Vec<u8> {
    let Some(mut roots) = parse(&bytes).filter(|roots| !roots.is_empty()) else {
        return bytes;
    };
    let mut steps = generator.below(count(&roots));
    change(&mut roots, &mut steps, generator);
    encode(&roots)
}

fn parse(mut bytes: &[u8]) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !bytes.is_empty() {
        let found = header(bytes).ok()??;
        let (content, rest) = bytes.get(found.len..)?.split_at_checked(found.content)?;
        let parts = if found.tag & 0x20 != 0 {
            parse(content)
        } else {
            None
        };
        let content = parts.map_or_else(|| Content::Octets(content.to_vec()), Content::Parts);
        nodes.push(Node {
            tag: found.tag,
            content,
        });
        bytes = rest;
    }
    Some(nodes)
}

fn encode(nodes: &[Node]) -> Vec<u8> {
    let one = |node: &Node| match &node.content {
        Content::Octets(octets) => element(node.tag, octets),
        Content::Parts(parts) => element(node.tag, &encode(parts)),
    };
    nodes.iter().flat_map(one).collect()
}

fn count(nodes: &[Node]) -> usize {
    nodes
        .iter()
        .map(|node| {
            1 + if let Content::Parts(parts) = &node.content {
                count(parts)
            } else {
                0
            }
        })
        .sum()
}

/// Changes the element that `steps` others come before.
fn change(nodes: &mut Vec<Node>, steps: &mut usize, generator: &mut Generator) -> bool {
    for at in 0..nodes.len() {
        if *steps == 0 {
            change_at(nodes, at, generator);
            return true;
        }
        *steps -= 1;
        if let Content::Parts(parts) = &mut nodes[at].content
            && change(parts, steps, generator)
        {
            return true;
        }
    }
    false
}

fn change_at(nodes: &mut Vec<Node>, at: usize, generator: &mut Generator) {
    match generator.below(9) {
        0 => drop(nodes.remove(at)),
        1 => {
            let octets = encode(&nodes[at..=at]);
            nodes.extend(parse(&octets).unwrap_or_default());
        }
        2 => {
            let other = generator.below(nodes.len());
            nodes.swap(at, other);
        }
        3 => nodes[at].tag = generator.one_of(&TELLING),
        4 => nodes[at].tag ^= 1 << generator.below(6),
        5 => nodes.insert(
            at,
            Node {
                tag: generator.one_of(&TELLING),
                content: Content::Octets(vec![]),
            },
        ),
        _ => change_content(&mut nodes[at].content, generator),
    }
}

fn change_content(content: &mut Content, generator: &mut Generator) {
    match content {
        Content::Octets(octets) => *octets = with_octets_changed(std::mem::take(octets), generator),
        Content::Parts(parts) if !parts.is_empty() => {
            drop(parts.remove(generator.below(parts.len())))
        }
        Content::Parts(parts) => parts.push(Node {
            tag: 4,
            content: Content::Octets(vec![b'x']),
        }),
    }
}
