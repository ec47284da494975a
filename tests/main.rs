//! Black-box tests: the real binary, real sockets, real clients; loopback only, in any order.

mod compat;
mod crash;
mod journey;
