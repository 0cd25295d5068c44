using Mfn.Server.Calls;

namespace Mfn.Server.Memory;

/// <summary>Memory that is counted for one purpose until it is disposed. Whoever grows, shrinks or disposes it at the same time as others waits for them.</summary>
internal sealed class MemoryReservation : IDisposable
{
    private readonly MemoryAccount _account;
    private readonly MemoryUse _use;
    private readonly MemoryHolder? _holder;
    private readonly IBytesQuota? _quota;
    private readonly Lock _lock = new();
    private long _bytes;
    private bool _isDisposed;

    internal MemoryReservation(MemoryAccount account, MemoryUse use, MemoryHolder? holder, IBytesQuota? quota = null)
    {
        _account = account;
        _use = use;
        _holder = holder;
        _quota = quota;
    }

    /// <summary>What it holds.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Makes it hold so many bytes, more or fewer than now; does nothing, and returns false, if the memory for that is not free.</summary>
    /// <exception cref="CallRefusedException">A quota does not allow it; it holds what it held.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed, and so cannot grow.</exception>
    public bool TryResize(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        lock (_lock)
        {
            if (bytes > _bytes)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                _quota?.Resize(bytes);
                if (!_account.TryTake(_use, _holder, _bytes, bytes))
                {
                    _quota?.Resize(_bytes);
                    return false;
                }
            }
            else
            {
                _account.Return(_use, _holder, _bytes, bytes);
                if (!_isDisposed)
                {
                    _quota?.Resize(bytes);
                }
            }

            _bytes = bytes;
            return true;
        }
    }

    /// <summary>Makes it hold so many bytes, before any of them is taken, or after those that it no longer holds are unreachable.</summary>
    /// <exception cref="CallRefusedException">The memory for that is not free, or a quota does not allow it; it holds what it held.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed, and so cannot grow.</exception>
    public void Resize(long bytes)
    {
        if (!TryResize(bytes))
        {
            throw _account.Refuse(_use, _holder, Bytes, bytes);
        }
    }

    /// <summary>Makes it hold so many bytes, at least as many as now, whether they are free or not.</summary>
    public void ResizeRegardless(long bytes)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            ArgumentOutOfRangeException.ThrowIfLessThan(bytes, _bytes);
            _account.Take(_use, _holder, _bytes, bytes);
            _bytes = bytes;
        }
    }

    /// <summary>Gives all of it back; what it was for must be unreachable by now.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _account.Return(_use, _holder, _bytes, 0);
            _bytes = 0;
            _quota?.Dispose();
        }
    }
}
