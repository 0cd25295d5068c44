using System.Runtime.ExceptionServices;
using System.Text;
using Grpc.Core;
using Mfn.Cli.Pictures;
using Mfn.Cli.Terminals;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>
/// Draws the latest frame in the terminal's other screen, as large as fits, and does what keys ask for, until q or Escape is pressed. However fast frames
/// come, it draws no more often than a screen shows. Disposed, it leaves the terminal as it was, and the last picture on it.
/// </summary>
internal sealed class TerminalDisplay : IWatchDisplay
{
    private static readonly TimeSpan DrawInterval = TimeSpan.FromMilliseconds(33);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly LiveView _view;
    private readonly RunControl _control;
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _leaving = new();
    private readonly TerminalSession _session;
    private readonly Task _drawing;
    private CancellationTokenSource _recut = new();
    private FrameCut? _cut;
    private bool _isChanged = true;
    private bool _isDisposed;

    private TerminalDisplay(LiveView view, RunControl control)
    {
        (_view, _control) = (view, control);
        _session = TerminalSession.FullScreen(_output, Redraw);
        if (!Console.IsInputRedirected)
        {
            // Ends with the process: nothing interrupts the wait for a key.
            new Thread(ReadKeys) { IsBackground = true, Name = "Keys" }.Start();
        }

        _control.Start(
            run =>
            {
                lock (_lock)
                {
                    _view.Take(run);
                    _isChanged = true;
                }
            },
            outcome =>
            {
                lock (_lock)
                {
                    _view.Note(outcome);
                    _isChanged = true;
                }
            });
        _drawing = DrawAsync();
    }

    public CancellationToken Closed => _closed.Token;

    private static (int Width, int Height) WindowSize => TerminalSize.Now;

    /// <summary>Opens the view of what a request asks for.</summary>
    /// <param name="runs">Where the run is.</param>
    /// <param name="request">What the user asks for.</param>
    /// <param name="run">The run, if it is known.</param>
    /// <param name="terminal">What the terminal can do.</param>
    /// <param name="range">How the colours are chosen.</param>
    /// <param name="canCut">Whether the server may be asked for other parts of the field, and coarser ones, as the view needs them.</param>
    public static TerminalDisplay Create(RunClient runs, WatchRunRequest request, Run? run, TerminalKind terminal, RangeRule range, bool canCut)
    {
        var view = new LiveView(
            new TerminalPicture(terminal.Colors, terminal.HasBlocks),
            range,
            request.Region is { } region ? CellArea.Of(region) : null,
            canCut && !request.HasDownsampling);
        if (run is not null)
        {
            view.Take(run);
        }

        return new TerminalDisplay(view, new RunControl(runs, request.RunId));
    }

    public void Show(WatchEvent told)
    {
        lock (_lock)
        {
            _view.Take(told);
            _isChanged = true;
        }
    }

    public void ShowTrouble(RpcException error, TimeSpan delay)
    {
        lock (_lock)
        {
            _view.Away($"{WireName.Of(error.StatusCode)}: {error.Status.Detail}", _clock.GetUtcNow() + delay);
            _isChanged = true;
        }
    }

    public CancellationToken Adapt(WatchRunRequest request)
    {
        var size = WindowSize;
        lock (_lock)
        {
            if (_recut.IsCancellationRequested)
            {
                _recut.Dispose();
                _recut = new CancellationTokenSource();
            }

            _cut = _view.Cut(size.Width, size.Height);
            _cut?.ApplyTo(request);
            return _recut.Token;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _drawing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _control.DisposeAsync();
        _session.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            _closed.Dispose();
            _recut.Dispose();
        }

        _leaving.Dispose();
        if (_drawing.Exception is { } error)
        {
            ExceptionDispatchInfo.Throw(error.GetBaseException());
        }

        var size = WindowSize;
        await _output.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(_view.Last(size.Width, size.Height).Select(line => $"{line}{Environment.NewLine}"))));
        await _output.DisposeAsync();
    }

    private void Redraw()
    {
        lock (_lock)
        {
            _isChanged = true;
        }
    }

    private void ReadKeys()
    {
        try
        {
            while (Console.ReadKey(intercept: true) is var key && key is not ({ KeyChar: 'q' or 'Q' } or { Key: ConsoleKey.Escape }))
            {
                Press(key);
            }
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // The keyboard has gone, and with it whoever looks.
        }

        lock (_lock)
        {
            if (!_isDisposed)
            {
                _closed.Cancel();
            }
        }
    }

    private void Press(ConsoleKeyInfo key)
    {
        var (width, height) = WindowSize;
        CellArea? area;
        (string, double)? concentration;
        lock (_lock)
        {
            _isChanged = true;
            if (_isDisposed || _view.Press(key, width, height))
            {
                return;
            }

            area = _view.InjectionArea(width, height);
            concentration = _view.InjectionAmount;
        }

        switch (key.KeyChar)
        {
            case ' ':
                _control.PauseOrResume();
                break;
            case '+' or '=':
                _control.ChangePace(isFaster: true);
                break;
            case '-' or '_':
                _control.ChangePace(isFaster: false);
                break;
            case 's' or 'S':
                _control.Step();
                break;
            case 'i' or 'I' when area is { } cells:
                _control.Inject(cells, concentration);
                break;
        }
    }

    private async Task DrawAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(DrawInterval);
            var last = (Size: (Width: 0, Height: 0), Second: 0L);
            do
            {
                var now = (WindowSize, _clock.GetUtcNow().Ticks / Second.Ticks);
                DrawIfChanged(now.WindowSize, isDue: now != last);
                last = now;
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

    // Once a second in any case: a wait is counted down.
    private void DrawIfChanged((int Width, int Height) size, bool isDue)
    {
        string text;
        lock (_lock)
        {
            if (!_isChanged && !isDue)
            {
                return;
            }

            text = _view.Draw(size.Width, size.Height, _clock.GetUtcNow());
            _isChanged = false;
            if (_view.Cut(size.Width, size.Height) != _cut)
            {
                _recut.Cancel();
            }
        }

        _session.Draw(text);
    }
}
