//! The settings of a terminal in the words of the protocol (RFC 4254, section 8).

use russh::Pty;
use rustix::termios::{ControlModes, InputModes, LocalModes, OutputModes, SpecialCodeIndex as Key, Termios};

/// A key that is not set, on this machine and in the protocol.
const NO_KEY: u8 = 0;
const NO_KEY_SENT: u32 = 255;

/// All settings that have a number in the protocol.
pub(super) fn modes(settings: &Termios) -> Vec<(Pty, u32)> {
    let Termios { input_modes: input, output_modes: output, control_modes: control, local_modes: local, special_codes: keys, .. } =
        settings;
    let key = |key: Key| match keys[key] {
        NO_KEY => NO_KEY_SENT,
        code => u32::from(code),
    };
    let (input, output) = (|mode| u32::from(input.contains(mode)), |mode| u32::from(output.contains(mode)));
    let (control, local) = (|mode| u32::from(control.contains(mode)), |mode| u32::from(local.contains(mode)));
    vec![
        (Pty::VINTR, key(Key::VINTR)),
        (Pty::VQUIT, key(Key::VQUIT)),
        (Pty::VERASE, key(Key::VERASE)),
        (Pty::VKILL, key(Key::VKILL)),
        (Pty::VEOF, key(Key::VEOF)),
        (Pty::VEOL, key(Key::VEOL)),
        (Pty::VEOL2, key(Key::VEOL2)),
        (Pty::VSTART, key(Key::VSTART)),
        (Pty::VSTOP, key(Key::VSTOP)),
        (Pty::VSUSP, key(Key::VSUSP)),
        (Pty::VREPRINT, key(Key::VREPRINT)),
        (Pty::VWERASE, key(Key::VWERASE)),
        (Pty::VLNEXT, key(Key::VLNEXT)),
        (Pty::VDISCARD, key(Key::VDISCARD)),
        (Pty::IGNPAR, input(InputModes::IGNPAR)),
        (Pty::PARMRK, input(InputModes::PARMRK)),
        (Pty::INPCK, input(InputModes::INPCK)),
        (Pty::ISTRIP, input(InputModes::ISTRIP)),
        (Pty::INLCR, input(InputModes::INLCR)),
        (Pty::IGNCR, input(InputModes::IGNCR)),
        (Pty::ICRNL, input(InputModes::ICRNL)),
        (Pty::IXON, input(InputModes::IXON)),
        (Pty::IXANY, input(InputModes::IXANY)),
        (Pty::IXOFF, input(InputModes::IXOFF)),
        (Pty::IMAXBEL, input(InputModes::IMAXBEL)),
        (Pty::IUTF8, input(InputModes::IUTF8)),
        (Pty::ISIG, local(LocalModes::ISIG)),
        (Pty::ICANON, local(LocalModes::ICANON)),
        (Pty::ECHO, local(LocalModes::ECHO)),
        (Pty::ECHOE, local(LocalModes::ECHOE)),
        (Pty::ECHOK, local(LocalModes::ECHOK)),
        (Pty::ECHONL, local(LocalModes::ECHONL)),
        (Pty::NOFLSH, local(LocalModes::NOFLSH)),
        (Pty::TOSTOP, local(LocalModes::TOSTOP)),
        (Pty::IEXTEN, local(LocalModes::IEXTEN)),
        (Pty::ECHOCTL, local(LocalModes::ECHOCTL)),
        (Pty::ECHOKE, local(LocalModes::ECHOKE)),
        (Pty::OPOST, output(OutputModes::OPOST)),
        (Pty::ONLCR, output(OutputModes::ONLCR)),
        (Pty::OCRNL, output(OutputModes::OCRNL)),
        (Pty::ONOCR, output(OutputModes::ONOCR)),
        (Pty::ONLRET, output(OutputModes::ONLRET)),
        (Pty::CS7, control(ControlModes::CS7)),
        (Pty::CS8, control(ControlModes::CS8)),
        (Pty::PARENB, control(ControlModes::PARENB)),
        (Pty::PARODD, control(ControlModes::PARODD)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_switches_are_told() {
        let pty = nix::pty::openpty(None, None).expect("a terminal");
        let mut settings = rustix::termios::tcgetattr(&pty.slave).expect("its settings");
        settings.special_codes[Key::VERASE] = 8;
        settings.special_codes[Key::VEOL2] = NO_KEY;
        settings.input_modes.insert(InputModes::IUTF8);
        settings.local_modes.remove(LocalModes::ECHO);
        let told = modes(&settings);
        for mode in [(Pty::VERASE, 8), (Pty::VEOL2, 255), (Pty::IUTF8, 1), (Pty::ECHO, 0), (Pty::ICANON, 1), (Pty::CS8, 1)] {
            assert!(told.contains(&mode), "{mode:?} is not in {told:?}");
        }
    }
}
