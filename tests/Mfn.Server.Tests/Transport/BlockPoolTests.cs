using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.GrpcStack.Wire;
using Mfn.Server.Transport;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Server.Tests.Transport;

public sealed class BlockPoolTests
{
    [Fact]
    public void Rent_AfterAReturn_LendsTheBlockThatCameBackLast()
    {
        using var pool = new BlockPool(TimeProvider.System);
        var first = pool.Rent();
        var second = pool.Rent(1);

        first.Dispose();
        second.Dispose();

        Assert.NotSame(first, second);
        Assert.Same(second, pool.Rent(BlockPool.BlockSize));
        Assert.Same(first, pool.Rent());
    }

    [Fact]
    public void Dispose_BlockReturnedTwice_IsLentOnce()
    {
        using var pool = new BlockPool(TimeProvider.System);
        var block = pool.Rent();

        block.Dispose();
        block.Dispose();

        Assert.NotSame(pool.Rent(), pool.Rent());
    }

    [Fact]
    public void Rent_ManyAreLent_LendsSmallOnesWhereTheyDo()
    {
        using var pool = new BlockPool(TimeProvider.System);
        var blocks = Enumerable.Range(0, BlockPool.MaxLargeCount).Select(_ => pool.Rent()).ToArray();

        Assert.All(blocks, block => Assert.Equal(BlockPool.BlockSize, block.Memory.Length));
        var small = pool.Rent(BlockPool.SmallBlockSize);
        Assert.Equal(BlockPool.SmallBlockSize, small.Memory.Length);
        Assert.Equal(BlockPool.BlockSize, pool.Rent(BlockPool.SmallBlockSize + 1).Memory.Length);

        small.Dispose();
        Assert.Same(small, pool.Rent());
        blocks[0].Dispose();
        blocks[1].Dispose();
        Assert.Same(blocks[1], pool.Rent());
    }

    [Fact]
    public void Dispose_MoreThanMayBeIdle_KeepsSoMany()
    {
        using var pool = new BlockPool(TimeProvider.System);
        var small = Enumerable.Range(0, BlockPool.MaxLargeCount + BlockPool.MaxIdleSmallCount + 5).Select(_ => pool.Rent()).ToArray();
        var large = Enumerable.Range(0, 5).Select(_ => pool.Rent(BlockPool.BlockSize)).ToArray();

        Assert.All([.. small, .. large], block => block.Dispose());

        Assert.Equal(BlockPool.MaxLargeCount + BlockPool.MaxIdleSmallCount, pool.IdleCount);
    }

    [Fact]
    public void TrimUnused_BlocksThatNobodyNeededSinceTheLastTime_AreLetGoOf()
    {
        using var pool = new BlockPool(TimeProvider.System);
        var blocks = Enumerable.Range(0, 3).Select(_ => pool.Rent()).ToArray();
        Assert.All(blocks, block => block.Dispose());

        pool.TrimUnused();
        Assert.Equal(3, pool.IdleCount);

        pool.Rent().Dispose();
        pool.TrimUnused();
        Assert.Equal(1, pool.IdleCount);
        Assert.Same(blocks[^1], pool.Rent());
    }

    [Fact]
    public void Dispose_OfThePool_KeepsNothing()
    {
        var pool = new BlockPool(TimeProvider.System);
        var lent = pool.Rent();
        pool.Rent().Dispose();

        pool.Dispose();
        lent.Dispose();

        Assert.Equal(0, pool.IdleCount);
    }

    [Fact]
    public void Rent_MoreThanABlock_IsRefused()
    {
        using var pool = new BlockPool(TimeProvider.System);

        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(BlockPool.BlockSize + 1));
    }

    [Fact]
    public async Task Server_MessagesOfManyBlocks_ComeBackAsTheyWere()
    {
        await using var server = await TestServer.StartAsync(app => app.MapGrpcService<EchoHandlers>().AllowAnonymous(), "Limits:MaxRequestBytes=16777216");
        var echo = new EchoService.EchoServiceClient(server.Channel);
        var texts = Enumerable.Range(1, 8).Select(i => string.Join(' ', Enumerable.Range(i, i * 40_000))).ToArray();

        var answers = await Task.WhenAll(texts.Select(async text => (await echo.SayAsync(new EchoRequest { Text = text })).Text)).Within();

        Assert.True(texts[^1].Length > 30 * BlockPool.BlockSize);
        Assert.Equal(texts, answers);
    }
}
