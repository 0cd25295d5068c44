using System.Security.Cryptography;
using Mfn.Server.Frames;

namespace Mfn.Server.Tests.Frames;

public sealed class SharedResourceTests
{
    private readonly FieldBufferPool _buffers = new();

    [Fact]
    public void Release_ByTheLastHolder_ReturnsTheBuffer()
    {
        var payload = new SharedPayload(_buffers.Rent(3));
        payload.Retain();

        payload.Release();
        Assert.Equal((1, 3), (_buffers.RentedCount, payload.Bytes.Length));
        payload.Release();

        Assert.Equal(0, _buffers.RentedCount);
        Assert.Throws<ObjectDisposedException>(() => payload.Bytes);
        Assert.Throws<ObjectDisposedException>(() => payload.Hash);
        Assert.Throws<ObjectDisposedException>(payload.Retain);
        Assert.Throws<ObjectDisposedException>(payload.Release);
        Assert.Throws<ObjectDisposedException>(payload.Retain);
        Assert.Equal(0, _buffers.RentedCount);
    }

    [Fact]
    public void Hash_IsThatOfTheBytes()
    {
        var buffer = _buffers.Rent(3);
        "abc"u8.CopyTo(buffer.Memory.Span);
        var payload = new SharedPayload(buffer);

        // FIPS 180-4's example.
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Convert.ToHexStringLower(payload.Hash.Span));
        Assert.Equal(SHA256.HashData("abc"u8), payload.Hash.ToArray());
        payload.Release();
    }

    /// <summary>Each of several threads takes part, looks and leaves, again and again, while the first holder leaves at any moment.</summary>
    [Fact]
    public void RetainAndRelease_ByManyThreads_FreeExactlyOnce()
    {
        const int ThreadCount = 4;
        const int RoundCount = 2000;
        for (var round = 0; round < 20; round++)
        {
            var resource = new Counted();
            using var start = new Barrier(ThreadCount);
            var threads = Enumerable.Range(0, ThreadCount).Select(_ =>
            {
                resource.Retain();
                return new Thread(() =>
                {
                    start.SignalAndWait();
                    for (var i = 0; i < RoundCount; i++)
                    {
                        resource.Retain();
                        resource.FreedSeen |= resource.FreeCount != 0;
                        resource.Release();
                    }

                    resource.FreedSeen |= resource.FreeCount != 0;
                    resource.Release();
                });
            }).ToArray();
            Array.ForEach(threads, thread => thread.Start());
            resource.Release();
            Array.ForEach(threads, thread => thread.Join());

            Assert.Equal((1, false), (resource.FreeCount, resource.FreedSeen));
            Assert.Throws<ObjectDisposedException>(resource.Retain);
        }
    }

    private sealed class Counted : SharedResource
    {
        private int _freeCount;
        private volatile bool _freedSeen;

        public int FreeCount => Volatile.Read(ref _freeCount);

        public bool FreedSeen
        {
            get => _freedSeen;
            set => _freedSeen = value;
        }

        protected override void Free() => Interlocked.Increment(ref _freeCount);
    }
}
