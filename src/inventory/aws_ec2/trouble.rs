//! Why EC2 could not be asked, told apart by what one has to do about it.

use aws_sdk_ec2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::base::{Diagnostic, Span};

/// An error of EC2.
pub enum Trouble {
    /// The credentials are good but may not do this.
    Denied(Diagnostic),
    /// Anything else.
    Other(Diagnostic),
}

/// No region is known.
pub fn no_region(span: &Span) -> Diagnostic {
    Diagnostic::at(span, "no AWS region is known: EC2 cannot be asked")
        .hint("write `regions: [ap-northeast-2]` in this file, or set AWS_REGION")
}

/// What an error means for the person who runs kconf.
pub fn explain<E>(error: &SdkError<E>, region: &str, span: &Span) -> Trouble
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let endpoint = std::env::var("AWS_ENDPOINT_URL_EC2").or_else(|_| std::env::var("AWS_ENDPOINT_URL")).ok();
    let whom = endpoint.map_or_else(|| format!("EC2 in {region}"), |url| format!("EC2 at {url}"));
    let full = DisplayErrorContext(error).to_string();
    let at = |message: String| Diagnostic::at(span, message);
    if let SdkError::ServiceError(service) = error {
        let code = service.err().code().unwrap_or("no code").to_owned();
        let text = service.err().message().unwrap_or("no message").to_owned();
        return match code.as_str() {
            "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => Trouble::Denied(
                at(format!("{whom} refuses: the credentials may not list instances"))
                    .caused_by(text)
                    .hint("allow the action ec2:DescribeInstances to this user or role"),
            ),
            "AuthFailure" | "InvalidClientTokenId" | "SignatureDoesNotMatch" | "UnrecognizedClientException" => {
                Trouble::Other(at(format!("{whom} does not accept the credentials ({code})")).caused_by(text).hint(
                    "the keys are wrong, were deleted, or this machine's clock is off; `aws sts get-caller-identity` shows who you are",
                ))
            }
            "ExpiredToken" | "RequestExpired" | "ExpiredTokenException" => Trouble::Other(
                at("the AWS credentials have expired".to_owned()).caused_by(text).hint("log in again, for example with `aws sso login`"),
            ),
            "OptInRequired" => Trouble::Other(at(format!("this account has not enabled the region {region}")).caused_by(text)),
            "RequestLimitExceeded" | "Throttling" => Trouble::Other(
                at(format!("{whom} is asked too often, even after several tries with pauses"))
                    .caused_by(text)
                    .hint("set `cache: true` in this file"),
            ),
            "InvalidParameterValue" | "InvalidFilter" => Trouble::Other(
                at(format!("{whom} does not know a filter of this file"))
                    .caused_by(text)
                    .hint("names of filters are those of the EC2 API's DescribeInstances"),
            ),
            _ => Trouble::Other(at(format!("{whom} answered with the error {code}")).caused_by(text)),
        };
    }
    let lower = full.to_lowercase();
    if lower.contains("credentials") && !matches!(error, SdkError::ResponseError(_)) && !lower.contains("dns error") {
        return Trouble::Other(
            at("no AWS credentials were found".to_owned())
                .caused_by(short(&full))
                .hint("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where an instance role is"),
        );
    }
    let hint = "check the region's name, the network and AWS_ENDPOINT_URL";
    Trouble::Other(at(format!("{whom} could not be reached")).caused_by(short(&full)).hint(hint))
}

/// The chain of causes without the repeated structure dump behind it.
fn short(text: &str) -> String {
    text.split(" (").next().unwrap_or(text).to_owned()
}
