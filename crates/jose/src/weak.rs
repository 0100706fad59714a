//! RSA keys that must not be used (NIST SP 800-131A, FIPS 186-5 A.1.1, CVE-2017-15361).

use crate::KeyError;

const MIN_BITS: usize = 2048;
const MAX_BITS: usize = 8192;
const MIN_EXPONENT: u64 = 65537;

/// Refuses a modulus that is too short, too long or even, a small exponent, and ROCA.
pub(crate) fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyError> {
    let (Some(&high), Some(&low)) = (modulus.first(), modulus.last()) else {
        return Err(KeyError::Malformed);
    };
    if high == 0 || exponent.first().is_none_or(|byte| *byte == 0) {
        return Err(KeyError::Malformed); // RFC 7518 6.3.1.1: no leading zeros
    }
    let leading = usize::try_from(high.leading_zeros()).unwrap_or(0);
    let bits = (modulus.len() * 8).saturating_sub(leading);
    if bits < MIN_BITS {
        return Err(KeyError::TooShort);
    }
    if bits > MAX_BITS || low % 2 == 0 {
        return Err(KeyError::Malformed);
    }
    // e = 1 signs nothing, e = 3 turns padding mistakes elsewhere into forgeries
    if exponent.len() > 8 {
        return Err(KeyError::WeakExponent);
    }
    let e = exponent
        .iter()
        .fold(0_u64, |e, byte| (e << 8) | u64::from(*byte));
    if e < MIN_EXPONENT || e.is_multiple_of(2) {
        return Err(KeyError::WeakExponent);
    }
    if is_roca(modulus) {
        return Err(KeyError::Roca);
    }
    Ok(())
}

/// Keys of the Infineon library have primes `k*M + 65537^a mod M`, so the modulus is a power of
/// 65537 modulo every small prime. A random modulus has this form with odds below 2^-80.
fn is_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
        97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|&prime| {
        let rest = modulus
            .iter()
            .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * (65537 % prime) % prime;
            power == rest
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{check_rsa, is_roca};
    use crate::KeyError;

    /// 65537^a modulo the product of the 38 primes is not needed: any power of 65537 has the form.
    #[test]
    fn jwt_28_the_roca_fingerprint_is_found() {
        // 65537^128 = the big-endian product, by schoolbook multiplication on bytes
        let mut n: Vec<u8> = vec![1];
        for _ in 0..128 {
            let mut carry = 0_u64;
            for byte in n.iter_mut().rev() {
                let value = u64::from(*byte) * 65537 + carry;
                *byte = u8::try_from(value & 0xff).unwrap();
                carry = value >> 8;
            }
            while carry > 0 {
                n.insert(0, u8::try_from(carry & 0xff).unwrap());
                carry >>= 8;
            }
        }
        assert!(is_roca(&n));
        assert_eq!(check_rsa(&n, &[1, 0, 1]), Err(KeyError::Roca));
        *n.last_mut().unwrap() ^= 2;
        assert!(!is_roca(&n));
    }
}
