//! The limits: a signature, its verification, a password's hash, each alone, by the library that
//! the server has, on its core.

use std::time::{Duration, Instant};

use argon2::{Algorithm as Variant, Argon2, Block, Params, Version};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};

use crate::failure::{Context as _, Outcome};
use crate::machine::{self, Cores};

/// About as long as the head and the claims of a token.
const MESSAGE: [u8; 480] = [b'x'; 480];
/// Signatures between two looks at the clock.
const BATCH: u32 = 16;
/// What the server hashes passwords with: KiB, passes, lanes (OWASP's first choice).
const PASSWORD_COST: (u32, u32, u32) = (19_456, 2, 1);

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
    rsa_public: ParsedPublicKey,
    rsa_signature: [u8; 256],
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    random: SystemRandom,
}

impl Signer {
    pub(crate) fn generate() -> Outcome<Self> {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).context("an RSA key")?;
        let public = rsa.public_key().as_ref();
        let rsa_public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
        let (mut rsa_signature, random) = ([0; 256], SystemRandom::new());
        rsa.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut rsa_signature)
            .context("an RSA signature")?;
        Ok(Self {
            rsa,
            rsa_public: rsa_public.context("an RSA key")?,
            rsa_signature,
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).context("an EC key")?,
            ed: Ed25519KeyPair::generate().context("an Ed25519 key")?,
            random,
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
            repeated(BATCH, time, || self.sign(algorithm))
        })
    }

    /// CPU time of the verification of an RS256 signature.
    pub(crate) fn measure_verification(&self, cores: Cores, time: Duration) -> Outcome<f64> {
        machine::on_core(cores.served, || {
            repeated(BATCH, time, || {
                let verified = self.rsa_public.verify_sig(&MESSAGE, &self.rsa_signature);
                verified.context("an RSA verification")
            })
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

/// CPU time of one argon2id of the server's parameters, in memory that is used again.
pub(crate) fn measure_password(cores: Cores, time: Duration) -> Outcome<f64> {
    let (memory_kib, passes, lanes) = PASSWORD_COST;
    machine::on_core(cores.served, || {
        let params = Params::new(memory_kib, passes, lanes, Some(32)).context("argon2id")?;
        let mut memory = vec![Block::new(); params.block_count()];
        let argon = Argon2::new(Variant::Argon2id, Version::V0x13, params);
        let mut hash = [0; 32];
        repeated(1, time, || {
            let password = b"Pw7-in-a-bench-everybody-has-it";
            let done =
                argon.hash_password_into_with_memory(password, &[7; 16], &mut hash, &mut memory);
            std::hint::black_box(&hash);
            done.context("argon2id")
        })
    })
}

/// CPU time that `work` takes on this thread, once it has run once.
fn repeated(batch: u32, time: Duration, mut work: impl FnMut() -> Outcome) -> Outcome<f64> {
    work()?;
    let begin = Instant::now();
    let before = machine::thread_micros()?;
    let mut count = 0_u32;
    while begin.elapsed() < time {
        for _ in 0..batch {
            work()?;
        }
        count += batch;
    }
    Ok((machine::thread_micros()? - before) / f64::from(count))
}
