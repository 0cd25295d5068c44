using Mfn.Cli.Terminals;

namespace Mfn.Cli.Top;

/// <summary>Draws the view in the terminal's other screen until q or Escape is pressed. Disposed, it leaves the terminal as it was.</summary>
internal sealed class TopDisplay : IDisposable
{
    private static readonly TimeSpan DrawInterval = TimeSpan.FromMilliseconds(50);
    private static readonly double[] Intervals = [0.5, 1, 2, 5, 10, 30, 60];

    private readonly TopView _view;
    private readonly bool _hasStyle;
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly CancellationTokenSource _closed = new();
    private readonly TerminalSession _session;
    private TimeSpan _interval;
    private bool _isChanged = true;
    private bool _isDisposed;

    public TopDisplay(TopView view, TerminalKind terminal, TimeSpan interval)
    {
        (_view, _interval) = (view, interval);
        _hasStyle = terminal.Colors != TerminalColors.None;
        _session = TerminalSession.FullScreen(_output, () => Change(() => { }));
        if (!Console.IsInputRedirected)
        {
            // Ends with the process: nothing interrupts the wait for a key.
            new Thread(ReadKeys) { IsBackground = true, Name = "Keys" }.Start();
        }
    }

    /// <summary>Cancelled when the user has seen enough.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>How long to wait before the next look.</summary>
    public TimeSpan Interval
    {
        get
        {
            lock (_lock)
            {
                return _interval;
            }
        }
    }

    /// <summary>Shows what was seen.</summary>
    public void Show(ServerSight sight) => Change(() => _view.Take(sight));

    /// <summary>Says that the server is away.</summary>
    public void ShowTrouble(string reason, DateTimeOffset until) => Change(() => _view.Away(reason, until));

    /// <summary>Draws for so long, or until the interval becomes shorter than what has passed of it.</summary>
    public async Task DrawAsync(CancellationToken cancellationToken)
    {
        var start = _clock.GetTimestamp();
        using var timer = new PeriodicTimer(DrawInterval);
        var last = (Size: (Width: 0, Height: 0), Second: 0L);
        do
        {
            var now = (TerminalSize.Now, _clock.GetUtcNow().Ticks / TimeSpan.TicksPerSecond);
            DrawIfChanged(now.Now, isDue: now != last);
            last = now;
        }
        while (_clock.GetElapsedTime(start) < Interval && await timer.WaitForNextTickAsync(cancellationToken));
    }

    public void Dispose()
    {
        _session.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            _closed.Dispose();
        }

        _output.Dispose();
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            _isChanged = true;
        }
    }

    private void ReadKeys()
    {
        try
        {
            while (Console.ReadKey(intercept: true) is var key && key is not ({ KeyChar: 'q' or 'Q' } or { Key: ConsoleKey.Escape }))
            {
                Change(() => Press(key));
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
        if (key.KeyChar is '+' or '=')
        {
            _interval = TimeSpan.FromSeconds(Intervals.LastOrDefault(each => each < _interval.TotalSeconds, Intervals[0]));
        }
        else if (key.KeyChar is '-' or '_')
        {
            _interval = TimeSpan.FromSeconds(Intervals.FirstOrDefault(each => each > _interval.TotalSeconds, Intervals[^1]));
        }
        else
        {
            _view.Press(key);
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

            text = _view.Draw(size.Width, size.Height, _hasStyle, _interval, _clock.GetUtcNow());
            _isChanged = false;
        }

        _session.Draw(text);
    }
}
