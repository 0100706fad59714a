//! What operations ask of the store, and passwords that they set.

use cardea_core::management::{Answer, Answers, ApiError, Question, Reply};
use cardea_core::model::User;
use cardea_core::protocol::profile;
use cardea_core::protocol::tickets::Purpose;
use cardea_store::StoreError;
use serde_json::Value;

use super::{Asked, Seen, Stop};
use crate::fault::Fault;
use crate::password::links;
use crate::password::said::Said;
use crate::tenants::Loaded;

impl Seen<'_> {
    /// Puts the questions to the store, one after the other.
    pub(super) async fn put(
        &self,
        questions: Vec<Question>,
        answers: &mut Answers,
    ) -> Result<(), StoreError> {
        for question in questions {
            answers.push(self.answer(question).await?);
        }
        Ok(())
    }

    async fn answer(&self, question: Question) -> Result<Answer, StoreError> {
        let store = &self.at.tenant.store;
        Ok(match question {
            Question::User(id) => Answer::User(store.user_facts(&id).await?.map(Box::new)),
            Question::Identifier { connection, folded } => {
                let users = store
                    .user_by_identifier(connection.as_deref(), &folded)
                    .await?;
                let total = i64::try_from(users.len()).unwrap_or(i64::MAX);
                Answer::Users(users, total)
            }
            Question::Users(query) => {
                let (users, total) = store.users(&query).await?;
                Answer::Users(users, total)
            }
            Question::RoleUsers(query) => {
                let (users, total) = store.role_users(&query).await?;
                Answer::Users(users, total)
            }
            Question::Artefact(kind, id) => {
                Answer::Artefact(store.artefact_by_id(kind, &id).await?.map(Box::new))
            }
            Question::Artefacts(query) => Answer::Artefacts(store.artefacts(&query).await?),
            Question::Failures(identifier) => {
                Answer::Failures(store.login_failures(&identifier, self.now).await?)
            }
        })
    }

    /// Hashes a password that the reply sets. Hashing takes a while, so a later try of the same
    /// request takes the `hash` of the first one.
    pub(super) async fn fill_password(
        &self,
        reply: &mut Reply,
        loaded: &Loaded,
        hash: &mut Option<String>,
    ) -> Result<(), Stop> {
        let Some(asked) = &reply.hash_password else {
            return Ok(());
        };
        let passwords = &self.app.passwords;
        let cost = profile::password_cost(loaded.view.record.profile);
        let line = if let Some(line) = hash.take() {
            line
        } else {
            if let Some(before) = reply.passwords_before().filter(|_| asked.history > 0) {
                let reused = passwords.is_reused(cost, (before, asked.history), &asked.password);
                if reused.await.map_err(Fault::from)? {
                    return Err(ApiError::password_reused().into());
                }
            }
            let hashed = passwords.hash(cost, &asked.password, &self.app.random);
            hashed.await.map_err(Fault::from)?
        };
        if !reply.set_password_hash(&line) {
            return Err(ApiError::internal().into());
        }
        *hash = Some(line);
        Ok(())
    }

    /// Mails a link that proves the user's address; nobody waits for it.
    pub(super) fn mail_verification(&self, user: User, asked: &Asked) {
        let body = asked.body.as_ref();
        let client = body
            .and_then(|body| body.get("client_id"))
            .and_then(Value::as_str);
        let said = Said::of(&self.parts.headers, client.map(ToOwned::to_owned));
        links::send_aside(self.app, self.at, (Purpose::VerifyEmail, user), &said);
    }
}
