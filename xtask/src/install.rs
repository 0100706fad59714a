//! Brings what the tests need onto the machine: system packages, npm packages, Python packages.
//!
//! Each thing is looked for first. System packages are installed only as root or where `sudo`
//! asks for no password; otherwise the failure says what to install.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Outcome, fail};
use crate::project::Project;
use crate::{postgres, shell};

/// The oldest Node.js that every package of our tests accepts.
const NODE: (u32, u32) = (20, 19);

pub(crate) fn database() -> Outcome<PathBuf> {
    if postgres::programs().is_none() {
        packages("a PostgreSQL server", &["postgresql"])?;
    }
    match postgres::programs() {
        Some(folder) => Ok(folder),
        None => {
            fail("PostgreSQL was installed, but `initdb` was not found under /usr/lib/postgresql")
        }
    }
}

pub(crate) fn compiler() -> Outcome {
    if shell::works("gcc", &["--version"]) && shell::works("make", &["--version"]) {
        return Ok(());
    }
    packages("a C compiler and make", &["gcc", "libc6-dev", "make"])
}

/// A browser, and the tool that makes it trust the local CA.
pub(crate) fn chromium() -> Outcome {
    if shell::works("chromium", &["--version"])
        && shell::works("sh", &["-c", "command -v certutil"])
    {
        return Ok(());
    }
    packages("a browser", &["chromium", "libnss3-tools"])
}

/// Node.js, and the packages that a folder's `package-lock.json` names.
pub(crate) fn node(folder: &Path) -> Outcome {
    if !shell::works("node", &["--version"]) || !shell::works("npm", &["--version"]) {
        packages("Node.js", &["nodejs", "npm"])?;
    }
    let version = shell::read(Command::new("node").arg("--version"))?;
    if !new_enough(&version) {
        let (major, minor) = NODE;
        return fail(format!(
            "Node.js is {}, the tests need {major}.{minor}",
            version.trim()
        ));
    }
    let lock = std::fs::read(folder.join("package-lock.json")).unwrap_or_default();
    let mark = folder.join("node_modules").join(".cardea-lock");
    if std::fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("installing the npm packages of {}", folder.display());
    let npm = ["ci", "--no-audit", "--no-fund"];
    shell::run(Command::new("npm").current_dir(folder).args(npm))?;
    std::fs::write(&mark, lock).or_else(|error| fail(format!("{}: {error}", mark.display())))
}

fn new_enough(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.');
    let mut next = || numbers.next().and_then(|number| number.parse::<u32>().ok());
    next().zip(next()).is_some_and(|found| found >= NODE)
}

/// A virtual environment with the packages of `requirements.txt`; returns its interpreter.
pub(crate) fn python(project: &Project, folder: &Path) -> Outcome<PathBuf> {
    let environment = project.workshop("python")?;
    let python = environment.join("bin").join("python");
    let wanted = std::fs::read(folder.join("requirements.txt")).unwrap_or_default();
    let mark = environment.join("requirements.txt");
    if std::fs::read(&mark).is_ok_and(|installed| installed == wanted)
        && shell::works(&python, &["-c", "import pytest"])
    {
        return Ok(python);
    }
    // `ensurepip` is what Debian splits off into python3-venv.
    if !shell::works("python3", &["-c", "import venv, ensurepip"]) {
        packages("Python with venv", &["python3", "python3-venv"])?;
    }
    println!("installing the Python packages of tests/sdk/python");
    shell::run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&environment),
    )?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ];
    shell::run(
        Command::new(&python)
            .current_dir(folder)
            .args(pip)
            .arg("requirements.txt"),
    )?;
    std::fs::write(&mark, wanted).or_else(|error| fail(format!("{}: {error}", mark.display())))?;
    Ok(python)
}

fn packages(what: &str, names: &[&str]) -> Outcome {
    let list = names.join(" ");
    let mut prefix: &[&str] = &["env", "DEBIAN_FRONTEND=noninteractive"];
    if !shell::works("apt-get", &["--version"]) {
        return fail(format!(
            "{what} is missing and this system has no apt-get: install it"
        ));
    }
    if !shell::is_root() {
        if !shell::works("sudo", &["-n", "true"]) {
            return fail(format!(
                "{what} is missing: run `apt-get install {list}` as root"
            ));
        }
        prefix = &["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"];
    }
    println!("installing {what}: {list}");
    let Some((program, rest)) = prefix.split_first() else {
        return fail("no command to install with");
    };
    let apt = |args: &[&str]| {
        shell::run(
            Command::new(program)
                .args(rest)
                .arg("apt-get")
                .arg("--quiet=2")
                .args(args),
        )
    };
    apt(&["update"])?;
    let install = ["install", "-y", "--no-install-recommends"];
    apt(&[install.as_slice(), names].concat())
}

#[cfg(test)]
mod tests {
    use super::new_enough;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(new_enough("v20.19.0\n") && new_enough("v22.1.0") && new_enough("v20.20.2"));
        assert!(!new_enough("v18.19.0") && !new_enough("v20.9.0") && !new_enough("nonsense"));
    }
}
