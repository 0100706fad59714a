//! The limit: the signature alone, by the same library, on the core that the server has.

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use crate::failure::{Context as _, Outcome};
use crate::machine::{self, Cores};

/// About as long as the head and the claims of a token.
const MESSAGE: [u8; 480] = [b'x'; 480];
/// Signatures between two looks at the clock.
const BATCH: u32 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// As in a token's head.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A key of each kind, parsed once.
pub(crate) struct Signer {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    random: SystemRandom,
}

impl Signer {
    pub(crate) fn generate() -> Outcome<Self> {
        Ok(Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).context("an RSA key")?,
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).context("an EC key")?,
            ed: Ed25519KeyPair::generate().context("an Ed25519 key")?,
            random: SystemRandom::new(),
        })
    }

    /// CPU time of one signature, measured for about `time`.
    pub(crate) fn measure(
        &self,
        cores: Cores,
        algorithm: Algorithm,
        time: Duration,
    ) -> Outcome<f64> {
        machine::on_core(cores.served, || {
            self.sign(algorithm)?;
            let begin = Instant::now();
            let before = machine::thread_micros()?;
            let mut count = 0_u32;
            while begin.elapsed() < time {
                for _ in 0..BATCH {
                    self.sign(algorithm)?;
                }
                count += BATCH;
            }
            Ok((machine::thread_micros()? - before) / f64::from(count))
        })
    }

    fn sign(&self, algorithm: Algorithm) -> Outcome {
        match algorithm {
            Algorithm::Rs256 => {
                let mut signature = [0; 256];
                let signed =
                    self.rsa
                        .sign(&RSA_PKCS1_SHA256, &self.random, &MESSAGE, &mut signature);
                signed.context("an RSA signature")?;
                std::hint::black_box(&signature);
            }
            Algorithm::Es256 => {
                let signed = self.ec.sign(&self.random, &MESSAGE);
                std::hint::black_box(&signed.context("an EC signature")?);
            }
            Algorithm::EdDsa => {
                std::hint::black_box(&self.ed.sign(&MESSAGE));
            }
        }
        Ok(())
    }
}
