//! The binary killed at random moments, its files damaged: what was acknowledged is there, and
//! counts once; what is lost is reported, and everything else is served.

mod answers;
mod budget;
mod damage;
mod feed;
mod kill;
mod sealing;
