namespace Mfn.Server.Frames;

/// <summary>Something that several hold at a time and that is freed when nobody holds it any more. Whoever makes it holds it. Thread-safe.</summary>
internal abstract class SharedResource
{
    private int _holderCount = 1;

    /// <summary>Whether somebody holds it.</summary>
    public bool IsHeld => Volatile.Read(ref _holderCount) > 0;

    /// <summary>Takes part in holding it; to be balanced by <see cref="Release"/>.</summary>
    /// <exception cref="ObjectDisposedException">Nobody held it any more.</exception>
    public void Retain() => ObjectDisposedException.ThrowIf(!TryRetain(), this);

    /// <summary>Takes part in holding it, unless nobody does any more.</summary>
    public bool TryRetain()
    {
        var count = Volatile.Read(ref _holderCount);
        while (count > 0)
        {
            var seen = Interlocked.CompareExchange(ref _holderCount, count + 1, count);
            if (seen == count)
            {
                return true;
            }

            count = seen;
        }

        return false;
    }

    /// <summary>Holds it no longer; the last one to do so frees it.</summary>
    /// <exception cref="ObjectDisposedException">Nobody held it any more.</exception>
    public void Release()
    {
        var count = Interlocked.Decrement(ref _holderCount);
        ObjectDisposedException.ThrowIf(count < 0, this);
        if (count == 0)
        {
            Free();
        }
    }

    /// <summary>Gives back what it holds itself. Called once.</summary>
    protected abstract void Free();

    /// <exception cref="ObjectDisposedException">Nobody holds it any more.</exception>
    protected void RequireHeld() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _holderCount) <= 0, this);
}
