using System.Runtime.ExceptionServices;
using System.Text;
using Mfn.Client.Runs;

namespace Mfn.Cli.Runs;

/// <summary>
/// Draws the latest frame in the terminal's other screen, as large as fits, until q or Escape is pressed. However fast frames come, it draws no more
/// often than a screen shows. Disposed, it leaves the terminal as it was.
/// </summary>
internal sealed class TerminalDisplay : IWatchDisplay
{
    private const string Open = "\e[?1049h\e[?25l\e[2J";
    private const string Close = "\e[0m\e[?25h\e[?1049l";
    private const string BeginUpdate = "\e[?2026h";
    private const string EndUpdate = "\e[?2026l";
    private static readonly TimeSpan DrawInterval = TimeSpan.FromMilliseconds(33);

    private readonly TerminalView _view;
    private readonly Lock _lock = new();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _leaving = new();
    private readonly Task _drawing;
    private bool _isChanged = true;
    private bool _isDisposed;

    public TerminalDisplay(TerminalView view)
    {
        _view = view;
        if (!Console.IsInputRedirected)
        {
            // Ends with the process: nothing interrupts the wait for a key.
            new Thread(ReadKeys) { IsBackground = true, Name = "Keys" }.Start();
        }

        Write(Open);
        _drawing = DrawAsync();
    }

    public CancellationToken Closed => _closed.Token;

    public void Show(WatchEvent told)
    {
        lock (_lock)
        {
            _view.Take(told);
            _isChanged = true;
        }
    }

    public void ShowTrouble(string message)
    {
        lock (_lock)
        {
            _view.Note(message);
            _isChanged = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _drawing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Write(Close);
        await _output.DisposeAsync();
        _leaving.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            _closed.Dispose();
        }

        if (_drawing.Exception is { } error)
        {
            ExceptionDispatchInfo.Throw(error.GetBaseException());
        }
    }

    private void ReadKeys()
    {
        while (Console.ReadKey(intercept: true) is not ({ KeyChar: 'q' or 'Q' } or { Key: ConsoleKey.Escape }))
        {
        }

        lock (_lock)
        {
            if (!_isDisposed)
            {
                _closed.Cancel();
            }
        }
    }

    private async Task DrawAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(DrawInterval);
            var size = (Width: 0, Height: 0);
            do
            {
                size = DrawWhatChanged(size);
            }
            while (await timer.WaitForNextTickAsync(_leaving.Token));
        }
        catch (IOException)
        {
            // Nobody sees the terminal any more; disposing tells why.
            await _closed.CancelAsync();
            throw;
        }
    }

    private (int Width, int Height) DrawWhatChanged((int Width, int Height) lastSize)
    {
        var size = (Width: Console.WindowWidth, Height: Console.WindowHeight);
        string? text = null;
        lock (_lock)
        {
            if (_isChanged || size != lastSize)
            {
                text = _view.Draw(size.Width, size.Height);
                _isChanged = false;
            }
        }

        if (text is not null)
        {
            Write(BeginUpdate + text + EndUpdate);
        }

        return size;
    }

    private void Write(string text)
    {
        _output.Write(Encoding.UTF8.GetBytes(text));
        _output.Flush();
    }
}
