return await Mfn.Cli.MfnCommand.RunAsync(args);
