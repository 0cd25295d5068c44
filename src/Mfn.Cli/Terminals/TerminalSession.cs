using System.Runtime.InteropServices;
using System.Text;

namespace Mfn.Cli.Terminals;

/// <summary>
/// A terminal in another state than the shell left it: without a cursor, or on its other screen. It gets its state back when this is disposed, and
/// when the process ends otherwise or is suspended. Thread-safe.
/// </summary>
internal sealed class TerminalSession : IDisposable
{
    // Frames that are written between these are shown at once or not at all; terminals that do not know them ignore them.
    private const string BeginUpdate = "\e[?2026h";
    private const string EndUpdate = "\e[?2026l";

    private const int LinuxStop = 19;
    private const int BsdStop = 17;

    private readonly string _open;
    private readonly string _close;
    private readonly Stream _output;
    private readonly Lock _lock = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private bool _isClosed;

    private TerminalSession(string open, string close, Stream output, Action redraw)
    {
        (_open, _close, _output) = (open, close, output);
        AppDomain.CurrentDomain.ProcessExit += Close;
        AppDomain.CurrentDomain.UnhandledException += Close;
        if (!OperatingSystem.IsWindows())
        {
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTSTP, Suspend));

            // They end the process next.
            foreach (var signal in new[] { PosixSignal.SIGHUP, PosixSignal.SIGQUIT })
            {
                _signals.Add(PosixSignalRegistration.Create(signal, _ => WriteUnlessClosed(_close)));
            }

            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ =>
            {
                WriteUnlessClosed(_open);
                redraw();
            }));
        }

        Write(open);
    }

    /// <summary>Hides the cursor; what is drawn stays among the lines of the shell.</summary>
    /// <param name="output">The terminal.</param>
    public static TerminalSession Inline(Stream output) => new("\e[?25l", "\e[0m\e[?25h", output, () => { });

    /// <summary>Goes to the other screen, which leaves no trace.</summary>
    /// <param name="output">The terminal.</param>
    /// <param name="redraw">Called when the screen has been cleared, because the process had been suspended.</param>
    public static TerminalSession FullScreen(Stream output, Action redraw) =>
        // Reading keys has told the terminal to send those of applications.
        new("\e[?1049h\e[?25l\e[2J", "\e[0m\e[?1l\e>\e[?25h\e[?1049l", output, redraw);

    /// <summary>Writes a whole frame.</summary>
    /// <exception cref="IOException">Nobody sees the terminal any more.</exception>
    public void Draw(string frame) => WriteUnlessClosed(BeginUpdate + frame + EndUpdate);

    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        AppDomain.CurrentDomain.ProcessExit -= Close;
        AppDomain.CurrentDomain.UnhandledException -= Close;
        Close(this, EventArgs.Empty);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);

    // Once somebody handles the signal, the runtime leaves it to them to stop.
    private void Suspend(PosixSignalContext context)
    {
        context.Cancel = true;
        WriteUnlessClosed(_close);
        _ = SendSignal(Environment.ProcessId, OperatingSystem.IsLinux() ? LinuxStop : BsdStop);
    }

    private void Close(object? sender, EventArgs arguments)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            try
            {
                Write(_close);
            }
            catch (IOException)
            {
                // Nobody sees the terminal any more.
            }
        }
    }

    private void WriteUnlessClosed(string text)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                Write(text);
            }
        }
    }

    private void Write(string text)
    {
        _output.Write(Encoding.UTF8.GetBytes(text));
        _output.Flush();
    }
}
